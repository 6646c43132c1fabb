import ts from 'typescript';

/** Names that exist at run time, and those that only the compiler knows. */
export interface ExportedNames {
  values: string[];
  types: string[];
}

/** What each of these declaration files exports. The files make one program, since they share most of what they import. */
export function exportedNames(declarations: readonly string[]): ExportedNames[] {
  const program = ts.createProgram(declarations, { module: ts.ModuleKind.NodeNext, skipLibCheck: true });
  return declarations.map((file) => namesIn(program, file));
}

function namesIn(program: ts.Program, declarations: string): ExportedNames {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(declarations);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${declarations} is not a module`);
  const names: ExportedNames = { values: [], types: [] };
  for (const symbol of checker.getExportsOfModule(module)) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const isTypeOnly = symbol.declarations?.some((node) => ts.isTypeOnlyExportDeclaration(node));
    (target.flags & ts.SymbolFlags.Value && !isTypeOnly ? names.values : names.types).push(symbol.name);
  }
  return { values: names.values.sort(), types: names.types.sort() };
}
