import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_NEAR_CACHE, DEFAULT_POLICY } from './core/config/policy.js';

type Place = readonly [page: string, heading: string];

const POLICY: Place = ['docs/options.md', '## Policy'];
const MODULE: Place = ['docs/options.md', '## Of the module'];
const ERRORS: Place = ['docs/when-things-fail.md', '## Callers who hear an error'];
const ENTRY_POINTS: Place = ['libs/token-cache/README.md', '## Entry points and their peers'];
const RIGHTS: Place = ['docs/stores.md', '### Rights'];

const read = (path: string) => readFileSync(join(__dirname, path), 'utf8');

/** What stands on a page between a heading and the next one. */
function section([page, heading]: Place): string {
  const [, after = ''] = read(`../../../${page}`).split(`${heading}\n`);
  return after.split(/^#{2,3} /m)[0] ?? '';
}

/** The rows of the first table of a section, without its head. */
function rows(place: Place): string[][] {
  const lines = section(place).match(/^\|.*\|$/gm) ?? [];
  return lines.slice(2).map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')));
}

/** A default as the table writes it: `30 000`, `[401]`, `{ paceMs: 5_000 }`, a word. */
function valueOf(text: string): unknown {
  if (/^[\d ]+$/.test(text)) return Number(text.replaceAll(' ', ''));
  if (!/^[[{]/.test(text)) return text;
  return JSON.parse(text.replace(/(\d)_(?=\d)/g, '$1').replace(/(\w+):/g, '"$1":'));
}

function matchesOf(source: string, pattern: RegExp): string[] {
  return [...new Set([...source.matchAll(pattern)].map(([, name = '']) => name))].sort();
}

describe('The pages of the library', () => {
  it('have each policy option with its default', () => {
    const written = rows(POLICY).map(([, option = '', value = '']) => [option, valueOf(value)]);
    expect(Object.fromEntries(written)).toEqual(DEFAULT_POLICY);
  });

  it('have the defaults of the near cache', () => {
    const [, , value = ''] = rows(MODULE).find(([, option]) => option === 'nearCache') ?? [];
    expect(valueOf(value)).toEqual(DEFAULT_NEAR_CACHE);
  });

  it('have each error code of the library', () => {
    const codes = matchesOf(read('core/contract/token-cache.errors.ts'), /code = '(\w+)'/g);
    const written = rows(ERRORS).map(([, code = '']) => code);
    expect(written.filter((code) => code.startsWith('TOKEN_')).sort()).toEqual(codes);
  });

  it('have each entry point of the package', () => {
    const { name, exports } = JSON.parse(read('../package.json')) as { name: string; exports: object };
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    const written = rows(ENTRY_POINTS).map(([, entry]) => entry);
    expect(written.sort()).toEqual(entries.map((entry) => name + entry.slice(1)).sort());
  });

  it('have the rights of a Redis user that the contract is run with', () => {
    const [, rights = ''] = /^const RIGHTS =\s+'([^']+)'/m.exec(read('redis/redis-token-store.spec.ts')) ?? [];
    expect(section(RIGHTS).replace(/\s+/g, ' ')).toContain(rights);
  });
});
