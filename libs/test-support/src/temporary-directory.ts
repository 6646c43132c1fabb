import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastWill } from './last-will.js';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/** A directory for one test; it goes with `remove()`, at the latest with this process. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = makeShortDirectory();
  const will = lastWill('rm -rf "$1"', [path]);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      will.revoke();
    },
  };
}

/** The path of a unix socket ends at 103 to 107 characters, and the temporary directory of macOS takes half of them. */
export function makeShortDirectory(): string {
  return mkdtempSync(join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'mintonce-'));
}
