import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** The TypeScript of a page, which the test runs as it stands there. */
export class PageCode {
  private readonly folder: string;

  /** @param page from the root of the workspace */
  constructor(private readonly page: string) {
    // Inside the workspace, so that packages are found as an application in it would find them.
    mkdirSync(join(ROOT, '.mintonce'), { recursive: true });
    this.folder = mkdtempSync(join(ROOT, '.mintonce', 'page-'));
  }

  /**
   * Loads the block that exports a name.
   *
   * @typeParam Exports what the block exports
   */
  async load<Exports extends object>(exported: keyof Exports & string): Promise<Exports> {
    const text = readFileSync(join(ROOT, this.page), 'utf8');
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code);
    const code = blocks.filter((block) => new RegExp(`^export .*\\b${exported}\\b`, 'm').test(block));
    if (code.length !== 1) throw new Error(`${this.page} has ${code.length} blocks that export ${exported}`);
    const file = join(this.folder, `${exported}.ts`);
    writeFileSync(file, code[0]!);
    return (await import(file)) as Exports;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
