import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveOptions } from './lib/cluster-metrics.options.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

describe('The README of cluster-metrics', () => {
  it('names the default of each option', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|/gm)].map(([, option, value]) => [option, value]);
    const defaults = Object.entries(resolveOptions({})).map(([option, value]) => [option, String(value)]);
    expect(rows).toEqual(expect.arrayContaining(defaults));
  });
});
