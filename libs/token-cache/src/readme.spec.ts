import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_NEAR_CACHE, DEFAULT_POLICY } from './core/config/policy.js';

const read = (path: string) => readFileSync(join(__dirname, path), 'utf8');
const readme = read('../../../README.md');

/** What stands between a heading and the next one. */
function section(heading: string): string {
  const [, after = ''] = readme.split(`${heading}\n`);
  return after.split(/^#{2,3} /m)[0] ?? '';
}

/** The rows of the first table of a section, without its head. */
function rows(heading: string): string[][] {
  const lines = section(heading).match(/^\|.*\|$/gm) ?? [];
  return lines.slice(2).map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')));
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

describe('The README', () => {
  it('has each policy option with its default', () => {
    const written = rows('### Options').map(([, option = '', value = '']) => [option, valueOf(value)]);
    expect(Object.fromEntries(written)).toEqual(DEFAULT_POLICY);
  });

  it('has the defaults of the near cache', () => {
    const [, text = ''] = /`nearCache` \(`(\{.*?\})`/.exec(section('### Options')) ?? [];
    expect(valueOf(text)).toEqual(DEFAULT_NEAR_CACHE);
  });

  it('has each error code', () => {
    const codes = matchesOf(read('core/contract/token-cache.errors.ts'), /code = '(\w+)'/g);
    expect(rows('### Errors').map(([, code]) => code)).toEqual(expect.arrayContaining(codes));
    expect(rows('### Errors')).toHaveLength(codes.length);
  });

  it('has each metric, and no other', () => {
    const metrics = matchesOf(read('prometheus/token-cache-metrics.ts'), /name: '(\w+)'/g);
    expect(matchesOf(section('### Metrics'), /`(token_\w+)[`{]/g)).toEqual(metrics);
  });

  it('has each entry point of the package', () => {
    const { name, exports } = JSON.parse(read('../package.json')) as { name: string; exports: object };
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    const written = rows('## The library').map(([, entry]) => entry);
    expect(written.sort()).toEqual(entries.map((entry) => name + entry.slice(1)).sort());
  });
});
