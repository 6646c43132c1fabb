import ts from 'typescript';

/** What a declaration file exports: the names that exist at run time, and those that only the compiler knows. */
export function exportedNames(declarations: string): { values: string[]; types: string[] } {
  const program = ts.createProgram([declarations], { module: ts.ModuleKind.NodeNext, skipLibCheck: true });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(declarations);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${declarations} is not a module`);
  const names = { values: [] as string[], types: [] as string[] };
  for (const symbol of checker.getExportsOfModule(module)) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const isTypeOnly = symbol.declarations?.some((node) => ts.isTypeOnlyExportDeclaration(node));
    (target.flags & ts.SymbolFlags.Value && !isTypeOnly ? names.values : names.types).push(symbol.name);
  }
  return { values: names.values.sort(), types: names.types.sort() };
}
