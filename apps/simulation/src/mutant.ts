import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { builtLibrary } from './library.js';
import { type Mutation } from './mutations.js';

/** A copy of the library with a defect. */
export interface Mutant {
  readonly directory: string;
  remove(): void;
}

/**
 * Makes a copy of the built library and edits it there; its dependencies are those of the original.
 *
 * @throws Error when the text to be replaced is not there exactly once: the mutation must follow the code
 */
export function makeMutant({ name, edits }: Mutation): Mutant {
  const built = builtLibrary();
  const root = mkdtempSync(join(tmpdir(), 'mutant-'));
  const directory = join(root, 'libs', 'library', 'dist');
  mkdirSync(directory, { recursive: true });
  cpSync(built, directory, { recursive: true, filter: (source) => !['.ts', '.map'].includes(extname(source)) });
  linkDependencies(dirname(built), root);
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  for (const { file, find, replace } of edits) {
    const path = join(directory, file);
    const [before, after, ...more] = readFileSync(path, 'utf8').split(find);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`"${name}" no longer fits ${file}: it must hold this once: ${find}`);
    writeFileSync(path, before + replace + after);
  }
  return { directory, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Modules are looked up beside the library first and then at the root of the workspace. */
function linkDependencies(library: string, root: string): void {
  symlinkSync(join(library, '../../node_modules'), join(root, 'node_modules'));
  symlinkSync(join(library, 'node_modules'), join(root, 'libs', 'library', 'node_modules'));
}
