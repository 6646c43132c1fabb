import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { applyEdit, misfitOf } from './edit.js';
import { builtLibrary } from './library.js';
import { type Mutation } from './mutations.js';

/** A copy of the built library, without its CommonJS, that has one defect after the other; its dependencies are those of the original. */
export class LibraryCopy {
  private readonly root = mkdtempSync(join(tmpdir(), 'mutant-'));
  private library = join(this.root, 'libs', '0');
  private made = 0;
  private readonly originals = new Map<string, string>();

  constructor() {
    const built = builtLibrary();
    mkdirSync(this.library, { recursive: true });
    const isRun = (source: string) => !['.ts', '.map'].includes(extname(source)) && source !== join(built, 'cjs');
    cpSync(built, this.directory, { recursive: true, filter: isRun });
    // Modules are looked up beside the library first and then at the root of the workspace.
    symlinkSync(join(dirname(built), '../../node_modules'), join(this.root, 'node_modules'));
    symlinkSync(join(dirname(built), 'node_modules'), join(this.library, 'node_modules'));
    writeFileSync(join(this.root, 'package.json'), '{ "type": "module" }');
  }

  /** Gives the copy that defect alone, and says where it lies: each time elsewhere, since a module is loaded once from its place. */
  with(mutation: Mutation): string {
    for (const [file, text] of this.originals) writeFileSync(join(this.directory, file), text);
    this.originals.clear();
    this.move();
    for (const edit of mutation.edits) {
      if (!this.originals.has(edit.file))
        this.originals.set(edit.file, readFileSync(join(this.directory, edit.file), 'utf8'));
      applyEdit(this.directory, edit);
    }
    return this.directory;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private get directory(): string {
    return join(this.library, 'dist');
  }

  private move(): void {
    const place = join(this.root, 'libs', String(++this.made));
    renameSync(this.library, place);
    this.library = place;
  }
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
