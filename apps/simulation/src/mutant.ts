import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { applyEdit, misfitOf } from './edit.js';
import { builtLibrary } from './library.js';
import { type Mutation } from './mutations.js';

/** A copy of the library with a defect. */
export interface Mutant {
  readonly directory: string;
  remove(): void;
}

/** Makes a copy of the built library, without its CommonJS, and edits it there; its dependencies are those of the original. */
export function makeMutant(mutation: Mutation): Mutant {
  expectToFit([mutation]);
  const built = builtLibrary();
  const root = mkdtempSync(join(tmpdir(), 'mutant-'));
  const directory = join(root, 'libs', 'library', 'dist');
  mkdirSync(directory, { recursive: true });
  const isRun = (source: string) => !['.ts', '.map'].includes(extname(source)) && source !== join(built, 'cjs');
  cpSync(built, directory, { recursive: true, filter: isRun });
  linkDependencies(dirname(built), root);
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  for (const edit of mutation.edits) applyEdit(directory, edit);
  return { directory, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** @throws Error that names every defect whose texts are no longer in the build: mutations must follow the code */
export function expectToFit(mutations: readonly Mutation[]): void {
  const misfits = mutations.flatMap(({ name, edits }) =>
    edits.flatMap((edit) => {
      const misfit = misfitOf(builtLibrary(), edit);
      return misfit === undefined ? [] : [`"${name}" no longer fits the build: ${misfit}`];
    }),
  );
  if (misfits.length > 0) throw new Error(misfits.join('\n'));
}

/** Modules are looked up beside the library first and then at the root of the workspace. */
function linkDependencies(library: string, root: string): void {
  symlinkSync(join(library, '../../node_modules'), join(root, 'node_modules'));
  symlinkSync(join(library, 'node_modules'), join(root, 'libs', 'library', 'node_modules'));
}
