import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a page. */
export interface Block {
  /** From the root of the workspace. */
  readonly page: string;
  readonly language: string;
  readonly code: string;
  /** What the page says that it prints: the block of `text` that follows. */
  readonly prints?: string;
}

const FENCED = /^```(\w+)\n(.*?)^```$(?=(?:\n+```text\n(.*?)^```$)?)/gms;

/** All blocks of a page, in order. */
export function blocksOf(root: string, page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(FENCED)].map(([, language = '', code = '', prints]) => ({
    page,
    language,
    code,
    ...(prints !== undefined && { prints }),
  }));
}

/** Every page of the workspace. */
export function pagesOf(root: string): string[] {
  return execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
}
