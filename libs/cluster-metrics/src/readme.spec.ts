import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { resolveOptions } from './lib/cluster-metrics.options.js';

const folder = join(__dirname, '..');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

/** Type-checks a source as if it were a file of this project, against the built package. */
function problemsOf(source: string): string[] {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder, { noEmit: true });
  const file = join(folder, 'snippet.ts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, source, rest[0]) : getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('The README of cluster-metrics', () => {
  const snippets = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

  it('holds two snippets', () => expect(snippets).toHaveLength(2));

  it.each(snippets)('shows code that compiles: snippet %#', (code) => expect(problemsOf(code)).toEqual([]));

  it('names the default of each option', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|/gm)].map(([, option, value]) => [option, value]);
    const defaults = Object.entries(resolveOptions({})).map(([option, value]) => [option, String(value)]);
    expect(rows).toEqual(expect.arrayContaining(defaults));
  });
});
