import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const PACKAGES = 'node_modules';
const OWN_SCOPE = '@mintonce';

/**
 * Has a workspace of these files alone, by path, until `use` is done. It has the compiler options of this one and its packages,
 * but for those of its own projects, which would lead back here.
 */
export function withWorkspaceOf<T>(files: Readonly<Record<string, string>>, use: (directory: string) => T): T {
  const directory = temporaryDirectory();
  const at = (path: string) => join(directory.path, path);
  try {
    copyFileSync(join(ROOT, 'tsconfig.base.json'), at('tsconfig.base.json'));
    mkdirSync(at(PACKAGES));
    for (const name of readdirSync(join(ROOT, PACKAGES)).filter((found) => found !== OWN_SCOPE))
      symlinkSync(join(ROOT, PACKAGES, name), at(join(PACKAGES, name)));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    }
    return use(directory.path);
  } finally {
    directory.remove();
  }
}
