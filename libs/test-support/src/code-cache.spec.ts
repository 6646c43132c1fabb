import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MODULE = join(__dirname, '../jest/code-cache.cjs');

/**
 * In a process of its own: here Jest itself uses the cache. `load` loads a text as Jest does for a test file, and `taken` has an entry for
 * each load that was given compiled code: whether V8 took it.
 */
function printed(statements: string): string {
  const code = `const vm = require('node:vm');
    const taken = [];
    const { Script } = vm;
    vm.Script = class extends Script {
      constructor(text, options) {
        super(text, options);
        if (options.cachedData) taken.push(!this.cachedDataRejected);
      }
    };
    const { compileFunction } = vm;
    require(${JSON.stringify(MODULE)});
    const load = (text, compile = vm.compileFunction, filename = '/a/file.js') =>
      compile(text, ['module', 'require'], { filename, parsingContext: vm.createContext({ Error, console }) });
    ${statements}`;
  return execFileSync(process.execPath, ['-e', code], { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } });
}

it('gives the second who loads a file the code that was made for the first', () => {
  const text = 'const double = (x) => 2 * x; module.exports = double(require);';
  const use = `for (const by of [1, 2, 3]) { const module = {}; load('${text}')(module, by); console.log(module.exports); }`;
  expect(printed(`${use} console.log(taken);`)).toBe('2\n4\n6\n[ true, true ]\n');
});

it('gives each its own context', () => {
  const use = "load('globalThis.seen = (globalThis.seen ?? 0) + 1; console.log(globalThis.seen)')();";
  expect(printed(use + use)).toBe('1\n1\n');
});

it('takes nothing that was made of another text, or of another file', () => {
  const loads =
    "load('module(1)')(console.log); load('module(2)')(console.log); load('module(2)', vm.compileFunction, '/b.js')(console.log);";
  expect(printed(`${loads} console.log(taken);`)).toBe('1\n2\n2\n[]\n');
});

it('tells errors at the lines and columns where Node itself tells them', () => {
  const text = String.raw`'module(new Error().stack);\n  module(new Error().stack); // the end'`;
  const places = `for (const compile of [compileFunction, vm.compileFunction, vm.compileFunction])
    load(${text}, compile)((stack) => console.log(stack.split('\\n')[1].trim()));`;
  const found = printed(places)
    .trim()
    .split('\n')
    .map((line) => /file\.js:\d+:\d+/.exec(line)?.[0]);
  expect(found).toEqual([...found.slice(0, 2), ...found.slice(0, 2), ...found.slice(0, 2)]);
  expect(found.slice(0, 2)).toEqual(['file.js:1:8', 'file.js:2:10']);
});

it('leaves alone what belongs to no test file', () => {
  expect(printed("console.log(vm.compileFunction('return a + 1', ['a'])(1), taken);")).toBe('2 []\n');
});
