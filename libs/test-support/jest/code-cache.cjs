const vm = require('node:vm');

const { compileFunction } = vm;

/** By file: its text, and what V8 made of it. */
const compiled = new Map();

/**
 * Gives each module of a later test file the code that V8 made of it for an earlier one, with that of every function that has run.
 * Jest compiles anew for each file all that it loads: a quarter of the processor time of the tests of the gateway.
 */
vm.compileFunction = (code, params, options = {}) => {
  const { parsingContext, ...place } = options;
  if (!parsingContext) return compileFunction(code, params, options);
  const head = `(function (${params.join(', ')}) {`;
  const cachedData = codeOf(place.filename, code);
  const script = new vm.Script(`${head}${code}\n})`, { ...place, columnOffset: -head.length, cachedData });
  if (!cachedData) compiled.set(place.filename, { code, script });
  return script.runInContext(parsingContext);
};

/** What was compiled for that text; undefined for the first who loads it. V8 itself would compare no more than its length. */
function codeOf(filename, code) {
  const known = compiled.get(filename);
  if (known?.code !== code) return undefined;
  // Asked for when it is wanted, since only then have its functions run.
  known.data ??= known.script.createCachedData();
  delete known.script;
  return known.data;
}
