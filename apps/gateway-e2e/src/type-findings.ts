import { join } from 'node:path';
import ts from 'typescript';

const OPTIONS = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.Node16, types: [] };

/** What the compiler finds in a source that is in no file: an object as a literal of a type, whose fields it then knows. */
export function findingsIn(source: string): string[] {
  const path = join(__dirname, 'literals.ts');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === path || fileExists.call(host, name);
  host.getSourceFile = (name, language, ...rest) =>
    name === path ? ts.createSourceFile(name, source, language) : getSourceFile.call(host, name, language, ...rest);
  const found = ts.getPreEmitDiagnostics(ts.createProgram([path], OPTIONS, host));
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
