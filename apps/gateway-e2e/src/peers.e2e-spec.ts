import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fleet.js';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('libs/token-cache/package.json')) as Manifest;
const MATRIX = read('tools/peer-matrix.mjs');
const IMPORTED = [...read('tools/peer-matrix/peers.test.mjs').matchAll(/^import .* from '(.*)';$/gm)].map(
  ([, name]) => name,
);
const entryPoints = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));
/** The cells of the package's page that say what an entry point needs. */
const NEEDS = [
  ...read('libs/token-cache/README.md').matchAll(/^\| `@mintonce\/token-cache\/\w+`.*\| +(\S.*?) +\|$/gm),
].map(([, cell = '']) => cell);
const optional = Object.entries(manifest.peerDependencies).filter(([name]) => !/^@nestjs\/(common|core)$/.test(name));

/** The lowest version of each part of a range, without zeros at its end: `^5.0.0 || ^6.2.0` are `5` and `6.2`. */
function lowestOf(range: string): string[] {
  return range.split('||').map((part) =>
    part
      .trim()
      .replace(/^\D*/, '')
      .replace(/(\.0)+$/, ''),
  );
}

/** The versions that the page gives for a peer; empty if it gives none. */
function claimedOf(peer: string): string[] | undefined {
  const cell = NEEDS.find((text) => text.includes(`\`${peer}\``));
  const text = cell
    ?.split(`\`${peer}\``)[1]
    ?.split('`')[0]
    ?.replace(/Node [\d.]+/g, '');
  return text === undefined ? undefined : (text.match(/\d+(\.\d+)*/g) ?? []);
}

describe('The peers of the library', () => {
  it.each(optional)(
    'are named by the page of the package, with no other versions than those allowed: %s %s',
    (peer, range) => {
      expect(claimedOf(peer)).toBeDefined();
      expect([[], lowestOf(range)]).toContainEqual(claimedOf(peer));
    },
  );

  it.each(['README.md', 'libs/token-cache/README.md'])('are NestJS 11 and 12, as %s says', (page) => {
    expect(lowestOf(manifest.peerDependencies['@nestjs/core']!).map((version) => version.split('.')[0])).toEqual([
      '11',
      '12',
    ]);
    expect(read(page)).toContain('NestJS 11 and 12');
  });

  it('are run by npm run peers in every range, on the lowest and the newest Node of each line', () => {
    const [, nodes = ''] = /^const NODES = \[(.*)\];$/m.exec(MATRIX) ?? [];
    const run = [...nodes.matchAll(/'([\d.]+)'/g)].map(([, version]) => version);
    for (const version of lowestOf(manifest.engines.node)) {
      const [major] = version.split('.');
      expect(run).toContain(major);
      if (version !== major) expect(run).toContain(`${version}.0`);
    }
    expect(MATRIX).toContain("const { peerDependencies } = readJson(join(LIBRARY, 'package.json'));");
    expect(Math.max(...Object.values(manifest.peerDependencies).map((range) => lowestOf(range).length))).toBe(2);
  });

  it.each(entryPoints)('are used by npm run peers through the entry point %s', (entry) => {
    expect(IMPORTED).toContain(manifest.name + entry.slice(1));
  });

  it('are each imported by npm run peers, but for those that an entry point alone uses', () => {
    const unused = optional.map(([peer]) => peer).filter((peer) => !IMPORTED.includes(peer));
    expect(unused).toEqual(['libsql', 'oauth4webapi']);
  });
});
