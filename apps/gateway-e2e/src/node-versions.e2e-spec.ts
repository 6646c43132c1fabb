import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './fleet.js';
import { pagesOf } from './pages/blocks.js';

interface Semver {
  /** Whether every version of the one range is in the other. */
  subset(range: string, of: string): boolean;
  minVersion(range: string): { readonly version: string };
}

interface Manifest {
  readonly engines?: { readonly node?: string };
}

const { subset, minVersion } = createRequire(__filename)('semver') as Semver;
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const rangeOf = (path: string): string => (JSON.parse(read(path)) as { engines: { node: string } }).engines.node;
/** What the workspace is built on, for which its tools ask; the packages run on older ones as well. */
const WORKSPACE = rangeOf('package.json');
const PACKAGES = rangeOf('libs/token-cache/package.json');
/** The pages of those who use the packages. */
const OF_PACKAGES = ['SECURITY.md', 'libs/token-cache/README.md', 'libs/cluster-metrics/README.md'];

/** The lowest version of each line: `20.19.0` and the like. */
const lowestOf = (range: string): string[] => range.split('||').map((line) => minVersion(line).version);
/** As a page says it: `20.19`, `22.13`, `24`. */
const saidOf = (range: string): string[] => lowestOf(range).map((version) => version.replace(/(\.0)+$/, ''));

/** A list of versions that begins with the lowest of all: `Node 20.19, 22.13 or 24`. */
const CLAIM = /\bNode (20\.\d+\b(?!\.)[^;:]*?)(?=\s+and later)/g;
const claims = pagesOf(ROOT)
  .filter((page) => !page.startsWith('docs/decisions/'))
  .flatMap((page) => [...read(page).matchAll(CLAIM)].map(([, claim = '']) => ({ page, claim })));

/** What of the lock file does not run on every version of a range, of which npm would warn there. */
function askingForMoreThan(range: string): string[] {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Manifest> };
  const all = Object.entries(packages);
  expect(all.length).toBeGreaterThan(500);
  return all.filter(([, manifest]) => !subset(range, manifest.engines?.node ?? '*')).map(([path]) => path);
}

function checkedByStart(version: string): { accepted: boolean; message: string } {
  const code = `import { checkNode } from './tools/start/node-version.mjs'; checkNode('${version}');`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { accepted: status === 0, message: stderr };
}

describe('The supported versions of Node', () => {
  it('are those on which all that npm installs runs, so that it warns of nothing', () => {
    expect(askingForMoreThan(WORKSPACE)).toEqual([]);
  });

  it.each([
    ['an older minor of a line', '^20.19 || ^22.12 || >=24'],
    ['a major that is no line of its own', '^20.19 || ^22.13 || >=23'],
  ])('would be found too wide with %s: %s', (_, range) => {
    expect(askingForMoreThan(range)).not.toEqual([]);
  });

  it('are the same in each package, and in each project that is run from the workspace', () => {
    const manifests = execFileSync('git', ['ls-files', 'package.json', '*/package.json'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const named = manifests
      .trim()
      .split('\n')
      .flatMap((path) => {
        const { engines } = JSON.parse(read(path)) as Manifest;
        return engines?.node ? [[path, engines.node] as const] : [];
      });
    expect(named.length).toBeGreaterThan(3);
    for (const [path, range] of named)
      expect([path, range]).toEqual([path, path.startsWith('libs/') ? PACKAGES : WORKSPACE]);
  });

  it('of the packages hold all of the workspace', () => {
    expect(subset(WORKSPACE, PACKAGES)).toBe(true);
  });

  it.each(claims)('are those that $page says', ({ page, claim }) => {
    expect(claim.match(/[\d.]+\d/g)).toEqual(saidOf(OF_PACKAGES.includes(page) ? PACKAGES : WORKSPACE));
  });

  it('are said by the pages that a newcomer reads first', () => {
    expect(claims.map(({ page }) => page)).toEqual(
      expect.arrayContaining([
        'README.md',
        'CONTRIBUTING.md',
        'docs/getting-started-gateway.md',
        'docs/getting-started-library.md',
        ...OF_PACKAGES,
      ]),
    );
  });

  it.each(lowestOf(WORKSPACE))('are taken by npm start: %s', (version) => {
    expect(checkedByStart(version)).toEqual({ accepted: true, message: '' });
  });

  it.each(['18.20.0', '20.18.0', '22.12.0', '23.11.0'])('are all that npm start takes, and not %s', (version) => {
    const { accepted, message } = checkedByStart(version);
    expect(accepted).toBe(false);
    expect(message).toContain(`Node ${version} is not supported: package.json asks for ${WORKSPACE}.`);
  });

  it('are run by hosted CI: each line, and the lowest version of each', () => {
    const { jobs } = parse(read('.github/workflows/ci.yml')) as {
      jobs: Record<string, { strategy: { matrix: { node: string[]; include: { node: string }[] } } }>;
    };
    const { node, include } = jobs['everything']!.strategy.matrix;
    const said = saidOf(WORKSPACE);
    expect(node.map((version) => version.split('.')[0])).toEqual(said.map((version) => version.split('.')[0]));
    expect([...node, ...include.map((more) => more.node)]).toEqual(expect.arrayContaining(said));
  });
});
