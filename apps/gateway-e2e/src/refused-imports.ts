import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

export interface RefusedImport {
  readonly from: string;
  readonly to: string;
  readonly rule: string;
}

/** What the workspace's rules for imports refuse in a workspace of these files alone, by path. */
export function refusedImports(files: Readonly<Record<string, string>>): RefusedImport[] {
  const directory = temporaryDirectory();
  const at = (path: string) => join(directory.path, path);
  try {
    copyFileSync(join(ROOT, 'tsconfig.base.json'), at('tsconfig.base.json'));
    symlinkSync(join(ROOT, 'node_modules'), at('node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    }
    const config = join(ROOT, '.dependency-cruiser.mjs');
    const depcruise = join(ROOT, 'node_modules/.bin/depcruise');
    const output = execFileSync(depcruise, ['--config', config, '--output-type', 'json', ...Object.keys(files)], {
      cwd: directory.path,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const { summary } = JSON.parse(output) as {
      summary: { violations: { from: string; to: string; rule: { name: string } }[] };
    };
    return summary.violations.map(({ from, to, rule }) => ({ from, to, rule: rule.name }));
  } finally {
    directory.remove();
  }
}
