import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

/** Has a workspace of these files alone, by path, with the packages and the compiler options of this one, until `use` is done. */
export function withWorkspaceOf<T>(files: Readonly<Record<string, string>>, use: (directory: string) => T): T {
  const directory = temporaryDirectory();
  const at = (path: string) => join(directory.path, path);
  try {
    copyFileSync(join(ROOT, 'tsconfig.base.json'), at('tsconfig.base.json'));
    symlinkSync(join(ROOT, 'node_modules'), at('node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    }
    return use(directory.path);
  } finally {
    directory.remove();
  }
}
