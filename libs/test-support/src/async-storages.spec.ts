import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MODULE = join(__dirname, '../jest/async-storages.cjs');

/** In a process of its own: here Jest itself has a storage. */
function printed(statements: string): string {
  const code = `const { AsyncLocalStorage } = require('node:async_hooks');
    const { endStorages } = require(${JSON.stringify(MODULE)});
    const storage = new AsyncLocalStorage();
    ${statements}`;
  return execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' });
}

it.each([
  ['run', "storage.run('a', () => { endStorages(); console.log(String(storage.getStore())); });"],
  ['enterWith', "storage.enterWith('a'); endStorages(); console.log(String(storage.getStore()));"],
])('ends a storage that was begun by %s', (_method, statements) => {
  expect(printed(statements)).toBe('undefined\n');
});

it('lets a storage be used again', () => {
  const use = "storage.run('a', () => console.log(storage.getStore()));";
  expect(printed(`${use} endStorages(); ${use}`)).toBe('a\na\n');
});
