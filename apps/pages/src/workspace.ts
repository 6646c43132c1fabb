import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../../..');

interface Manifest {
  readonly name: string;
  readonly scripts?: Record<string, string>;
  readonly exports?: Record<string, unknown>;
  readonly nx?: { readonly name: string; readonly targets: Record<string, unknown> };
}

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifestOf = (path: string) => JSON.parse(read(path)) as Manifest;

/** Every file of the workspace that git keeps or would keep. */
export const files = [...new Set(git('ls-files', '--cached', '--others', '--exclude-standard'))].filter((path) =>
  existsSync(join(ROOT, path)),
);
export const folders = new Set(files.flatMap((path) => ancestorsOf(path)));

const manifests = files.filter((path) => /(^|\/)package\.json$/.test(path)).map(manifestOf);

/** `npm run <name>` at the root. */
export const scripts = new Set(Object.keys(manifestOf('package.json').scripts ?? {}));

/** The targets of each Nx project. */
export const targets = new Map(
  manifests.flatMap(({ nx }) => (nx ? [[nx.name, new Set(Object.keys(nx.targets))] as const] : [])),
);

/** What `import` may name: `@mintonce/token-cache/redis` and the like. */
export const entryPoints = new Set(
  manifests.flatMap(({ name, exports = {} }) => [name, ...Object.keys(exports).map((entry) => name + entry.slice(1))]),
);

const SOURCE = /\.(ts|mjs|cjs|lua|ya?ml|conf|json)$|Dockerfile$|\.ci\/run$/;

/** Every word of every source file: identifiers, environment variables, codes. */
export const words = new Set(
  files
    .filter((path) => SOURCE.test(path) && path !== 'package-lock.json' && !path.startsWith('apps/pages/'))
    .flatMap((path) => read(path).match(/[\w$]+/g) ?? []),
);

/** Files and folders whose path ends in `path`, which may leave out the front: `slot/slot.ts`, `src/core`. */
export function find(path: string): string[] {
  const wanted = `/${path.replace(/^\.?\//, '').replace(/\/$/, '')}`;
  return [...files, ...folders].filter((known) => `/${known}`.endsWith(wanted));
}

export function isIgnored(path: string): boolean {
  try {
    return git('check-ignore', path).length > 0;
  } catch {
    return false;
  }
}

export function contentOf(path: string): string {
  return read(path);
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}
