import { join } from 'node:path';
import ts from 'typescript';

/**
 * What the workspace's compiler finds in those of its sources that `isOurs` names, with these files and options in a
 * `tsconfig.json` of that folder. The declarations of other packages are read, and not checked, which would take most of the time.
 */
export function compilerFindings(
  folder: string,
  { files, compilerOptions }: { readonly files: readonly string[]; readonly compilerOptions: object },
  isOurs: (path: string) => boolean,
): string[] {
  const config = join(folder, 'tsconfig.json');
  const json = { compilerOptions, files };
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(json, ts.sys, folder, undefined, config);
  const program = ts.createProgram(fileNames, options);
  const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName));
  const found = [
    ...errors,
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  const host = { ...ts.sys, getCanonicalFileName: (name: string) => name, getNewLine: () => ts.sys.newLine };
  return found.map((one) => ts.formatDiagnostic(one, host));
}
