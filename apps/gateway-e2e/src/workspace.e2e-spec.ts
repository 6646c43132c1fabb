import { execFileSync, execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { rulesBrokenBy } from './oxlint-findings.js';
import { refusedImports, type RefusedImport } from './refused-imports.js';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const BOUNDARIES = '@nx(enforce-module-boundaries)';
const TOKEN_CACHE = 'libs/token-cache/src/redis';
const CLUSTER_METRICS = 'libs/cluster-metrics/src';
const TEST_SUPPORT = 'libs/test-support/src';
const GATEWAY = 'apps/gateway/src';

const FORBIDDEN_PROJECTS: [folder: string, imports: string][] = [
  [TOKEN_CACHE, '../../../../apps/gateway/src/app.module.js'],
  [TOKEN_CACHE, '@mintonce/gateway'],
  [TOKEN_CACHE, '@mintonce/demo'],
  [TOKEN_CACHE, '@mintonce/cluster-metrics'],
  [CLUSTER_METRICS, '@mintonce/token-cache'],
  [CLUSTER_METRICS, '@mintonce/gateway'],
  [TEST_SUPPORT, '@mintonce/token-cache'],
  [GATEWAY, '@mintonce/demo'],
  [GATEWAY, '../../../libs/token-cache/src/index.js'],
];

const ALLOWED_PROJECTS: [folder: string, imports: string][] = [
  [TOKEN_CACHE, '@mintonce/test-support'],
  [GATEWAY, '@mintonce/token-cache'],
  [GATEWAY, '@mintonce/token-cache/redis'],
  [GATEWAY, '@mintonce/cluster-metrics'],
  ['apps/chaos/src', '@mintonce/demo'],
];

const BROKEN_LINES: [rule: string, code: string, file?: string][] = [
  [
    'import(no-dynamic-require)',
    "const name = './target.js'; export const load = (): Promise<unknown> => import(name);",
    'libs/token-cache/src/core/protocol/on-demand.ts',
  ],
  ['typescript(no-explicit-any)', 'export const value: any = 1;', 'libs/test-support/src/module.mts'],
  ['typescript(no-explicit-any)', 'export function print(value: any): void { console.log(value); }'],
  [
    'typescript(consistent-type-imports)',
    "import { Socket } from 'node:net'; export const use = (socket: Socket) => socket;",
  ],
  ['eslint(no-unused-vars)', "import { Socket } from 'node:net';"],
  ['eslint(no-dupe-keys)', 'export const twice = { once: 1, once: 2 };'],
  ['typescript(no-floating-promises)', 'Promise.resolve(); export {};'],
  ['typescript(no-misused-promises)', '[1].forEach(async () => {}); export {};'],
  ['typescript(await-thenable)', 'await 1; export {};'],
  [
    'typescript(switch-exhaustiveness-check)',
    "declare const kind: 'mint' | 'wait'; switch (kind) { case 'mint': } export {};",
  ],
  ['typescript(no-unsafe-assignment)', "export const text: string = JSON.parse('1');"],
  ['typescript(no-unsafe-call)', "JSON.parse('1')(); export {};"],
  ['typescript(no-base-to-string)', 'export const text = String({});'],
  ['typescript(only-throw-error)', "throw 'text'; export {};"],
  ['typescript(prefer-promise-reject-errors)', "void Promise.reject('text'); export {};"],
];

const WRITTEN_MEANWHILE = ['.mintonce/page.ts', 'libs/token-cache/.mintonce/former.ts', 'apps/gateway/dist/main.ts'];

/** Code of PM2, other than its command. */
const OF_PM2 = /(from|import|import\(|require\()\s*['"`]pm2['"`/]|\bpm2\/(lib|modules)\b|pm2-axon/;
const THIS_FILE = 'apps/gateway-e2e/src/workspace.e2e-spec.ts';

/** The parts of token-cache, from low to high. */
const LAYERS = [
  'core/contract',
  'core/config',
  'core/slot',
  'core/store-client',
  'core/source-client',
  'core/in-hand',
  'core/protocol',
  'core/door',
  'core/assemble.ts',
  'core/token-client.ts',
  'nest',
  'index.ts',
];
const ADAPTERS = [
  'redis',
  'sqlite',
  'oauth',
  'undici',
  'axios',
  'prometheus',
  'opentelemetry',
  'health',
  'testing',
  'cli',
];
const CORE = LAYERS.filter((layer) => layer.startsWith('core/'));

const pairs = (from: readonly string[], to: readonly string[]) =>
  from.flatMap((one) => to.map((other) => [one, other]));
const upward = LAYERS.flatMap((layer, index) => pairs([layer], LAYERS.slice(index + 1)));
const downward = LAYERS.flatMap((layer, index) => pairs([layer], LAYERS.slice(0, index)));

/** Lower layers that one knows nothing of. */
const NOT_KNOWN = [
  ['core/slot', 'core/config'],
  ['core/source-client', 'core/slot'],
  ['core/source-client', 'core/store-client'],
];
const isKnown = ([from, to]: string[]) => !NOT_KNOWN.some(([part, other]) => part === from && other === to);

const REFUSED_IMPORTS = [
  ...upward,
  ...NOT_KNOWN,
  ...pairs(LAYERS, ADAPTERS),
  ...ADAPTERS.flatMap((adapter) =>
    pairs(
      [adapter],
      ADAPTERS.filter((other) => other !== adapter),
    ),
  ),
  ...pairs(ADAPTERS, ['core/config', 'core/store-client', 'core/protocol', 'core/assemble.ts', 'index.ts']),
  ...pairs(['redis', 'sqlite', 'oauth', 'prometheus', 'opentelemetry', 'health', 'testing'], ['core/token-client.ts']),
  ...pairs(['redis', 'sqlite', 'oauth', 'undici', 'axios'], ['nest', '@nestjs/common']),
  ['testing', '@nestjs/common'],
  ['cli', 'core/contract'],
  ...pairs(CORE, ['@nestjs/common', 'ioredis', 'node:http', 'node:net', 'node:fs', '@mintonce/test-support']),
  ...pairs(
    ['core/protocol'],
    [
      'libsql',
      'oauth4webapi',
      'prom-client',
      '@willsoto/nestjs-prometheus',
      '@nestjs/terminus',
      'undici',
      'axios',
      '@opentelemetry/api',
    ],
  ),
  ['oauth', '@opentelemetry/api'],
  ...pairs(['core/protocol'], ['fastify', 'node:http2', 'node:https', 'node:tls', 'node:child_process']),
  ['nest', 'ioredis'],
  ['redis', 'libsql'],
  ['sqlite', 'ioredis'],
  ['oauth', 'undici'],
];

const ALLOWED_IMPORTS = [
  ...downward.filter(isKnown),
  ...pairs(
    ADAPTERS.filter((adapter) => adapter !== 'cli'),
    ['core/contract'],
  ),
  ['cli', 'ioredis'],
  ...pairs(CORE, ['lru-cache', 'node:crypto']),
  ...pairs(['sqlite', 'testing'], ['core/slot']),
  ...pairs(['undici', 'axios'], ['core/door', 'core/token-client.ts']),
  ['prometheus', 'nest'],
  ['opentelemetry', 'nest'],
  ['opentelemetry', '@opentelemetry/api'],
  ['health', 'nest'],
  ['testing', 'nest'],
  ['nest', '@nestjs/common'],
  ['redis', 'ioredis'],
  ['redis', 'node:net'],
  ['sqlite', 'libsql'],
  ['oauth', 'oauth4webapi'],
  ['undici', 'undici'],
  ['axios', 'axios'],
  ['prometheus', 'prom-client'],
  ['health', '@nestjs/terminus'],
];

describe('The workspace', () => {
  describe('has a linter', () => {
    const importing = (kind: string, cases: [folder: string, imports: string][]) =>
      cases.map(([folder, imports], index) => {
        return { file: `${folder}/${kind}-${index}.ts`, imports, code: `import '${imports}';\n` };
      });
    const forbidden = importing('forbidden', FORBIDDEN_PROJECTS);
    const allowed = importing('allowed', ALLOWED_PROJECTS);
    const lines = BROKEN_LINES.map(([rule, code, file = ''], index) => {
      return { file: file || `${TEST_SUPPORT}/broken-${index}.ts`, rule, code: `${code}\n` };
    });
    const floating = (file: string) => ({ file, code: 'Promise.resolve();\n' });
    const inEachProject = tracked
      .filter((path) => /^(apps|libs)\/[\w-]+\/tsconfig\.json$/.test(path))
      .map((path) => floating(path.replace('tsconfig.json', 'src/floating.ts')));
    const written = WRITTEN_MEANWHILE.map(floating);
    let broken: Record<string, string[]>;

    beforeAll(() => {
      broken = {
        ...rulesBrokenBy([...forbidden, ...lines, ...inEachProject, ...written]),
        // Apart, since with the forbidden arrows an allowed one closes a circle.
        ...rulesBrokenBy(allowed),
      };
    });

    it.each(forbidden)('that forbids $file to import $imports', ({ file }) => {
      expect(broken[file]).toEqual([BOUNDARIES]);
    });

    it.each(allowed)('that allows $file to import $imports', ({ file }) => {
      expect(broken[file]).toEqual([]);
    });

    it.each(lines)('that refuses with $rule', ({ file, rule }) => {
      expect(broken[file]).toEqual([rule]);
    });

    it('that knows the types of every project', () => {
      expect(inEachProject.length).toBeGreaterThan(7);
      const rules = inEachProject.map(({ file }) => [file, ['typescript(no-floating-promises)']]);
      expect(inEachProject.map(({ file }) => [file, broken[file]])).toEqual(rules);
    });

    it.each(written)('that leaves alone $file, which tests or builds write while it runs', ({ file }) => {
      expect(broken[file]).toEqual([]);
    });
  });

  describe('has rules for the imports', () => {
    const SRC = 'libs/token-cache/src';
    const importerIn = (part: string) => `${SRC}/${part}${part.endsWith('.ts') ? '' : '/importer.ts'}`;
    const targetIn = (part: string) => `${SRC}/${part}${part.endsWith('.ts') ? '' : '/target.ts'}`;
    const isPart = (name: string) => [...LAYERS, ...ADAPTERS].includes(name);
    let refused: RefusedImport[];

    /** The files of token-cache with these imports; no cycle arises, because what is imported imports nothing. */
    function library(imports: readonly string[][]): Record<string, string> {
      const files: Record<string, string> = {};
      for (const part of [...LAYERS, ...ADAPTERS]) files[targetIn(part)] = 'export type Target = string;\n';
      for (const [from = '', to = ''] of imports) {
        const importer = importerIn(from);
        const path = isPart(to) ? relativePath(importer, targetIn(to)) : to;
        files[importer] = `${files[importer] ?? ''}export type * from '${path}';\n`;
      }
      return files;
    }

    function relativePath(from: string, to: string): string {
      const path = relative(dirname(from), to).replaceAll(sep, '/').replace(/\.ts$/, '.js');
      return path.startsWith('.') ? path : `./${path}`;
    }

    function rulesAgainst(from: string, to: string): string[] {
      const isTarget = (path: string) =>
        isPart(to)
          ? path === targetIn(to)
          : new RegExp(`(^|/)${to.replace(/^node:|^@mintonce\//, '')}(/|$)`).test(path);
      return refused.filter((found) => found.from === importerIn(from) && isTarget(found.to)).map(({ rule }) => rule);
    }

    beforeAll(() => {
      refused = refusedImports({
        ...library(REFUSED_IMPORTS),
        [`${SRC}/core/slot/slot.spec.ts`]: "import '../../nest/target.js';\nimport 'ioredis';\n",
        [`${SRC}/core/slot/page.spec.ts`]: "import 'node:fs';\n",
        [`${SRC}/core/slot/tested.ts`]: "import './slot.spec.js';\n",
        [`${SRC}/core/slot/on-demand.ts`]: "export const later = import('../contract/target.js');\n",
        [`${SRC}/core/stray.ts`]: "import './contract/target.js';\n",
        [`${SRC}/core/config/one.ts`]: "import { two } from './two.js';\nexport const one = (): number => two();\n",
        [`${SRC}/core/config/two.ts`]: "import { one } from './one.js';\nexport const two = one;\n",
        'apps/gateway/src/one.ts': "import { type Two } from './two.js';\nexport type One = Two;\n",
        'apps/gateway/src/two.ts': "import { type Three } from './three.js';\nexport type Two = Three;\n",
        'apps/gateway/src/three.ts': "import { type One } from './one.js';\nexport type Three = One;\n",
      });
    });

    it.each(REFUSED_IMPORTS)('which refuse an import into %s of %s', (from, to) => {
      expect(rulesAgainst(from ?? '', to ?? '')).toEqual([
        to?.startsWith('node:') ? `${from} does no input and output` : `${from} imports only what layers.mjs allows`,
      ]);
    });

    it('which allow every import of a lower layer, and what an entry point is there for', () => {
      expect(refusedImports(library(ALLOWED_IMPORTS))).toEqual([]);
    });

    it.each([
      ['a file of token-cache that has no layer', `${SRC}/core/stray.ts`, 'every file has a layer'],
      ['a module that the core loads on demand', `${SRC}/core/slot/on-demand.ts`, 'the core loads nothing on demand'],
      ['a test that the product imports', `${SRC}/core/slot/tested.ts`, 'no test in the product'],
      ['a spec of the core that reads a file', `${SRC}/core/slot/page.spec.ts`, 'specs of the core read no file'],
      ['a cycle of two files in a library', `${SRC}/core/config/one.ts`, 'no cycle'],
      ['a cycle of the types of three files in an application', 'apps/gateway/src/one.ts', 'no cycle'],
    ])('which refuse %s', (_, file, rule) => {
      expect(refused.filter(({ from }) => from === file).map((found) => found.rule)).toEqual([rule]);
    });

    it('which leave a test free to import anything else', () => {
      expect(refused.filter(({ from }) => from.endsWith('slot.spec.ts'))).toEqual([]);
    });
  });

  it('knows what depends on what', () => {
    const directory = temporaryDirectory();
    try {
      const file = join(directory.path, 'graph.json');
      execFileSync(join(ROOT, 'node_modules/.bin/nx'), ['graph', `--file=${file}`], {
        cwd: ROOT,
        env: { ...process.env, NX_DAEMON: 'false' },
        stdio: 'pipe',
      });
      const { graph } = JSON.parse(readFileSync(file, 'utf8')) as {
        graph: { dependencies: Record<string, { target: string }[]> };
      };
      const targetsOf = (project: string) => graph.dependencies[project]?.map(({ target }) => target).sort();
      expect(targetsOf('gateway')).toEqual(['cluster-metrics', 'test-support', 'token-cache']);
      expect(targetsOf('gateway-e2e')).toEqual(expect.arrayContaining(['demo', 'gateway', 'token-cache']));
      expect(targetsOf('token-cache')).toEqual(['test-support']);
      expect(targetsOf('cluster-metrics')).toEqual(['test-support']);
      expect(targetsOf('test-support')).toEqual([]);
    } finally {
      directory.remove();
    }
  });

  it.each([
    ['simulate', 'simulation', '--seeds 3', 'Every promise held.'],
    ['soak', 'gateway-e2e', '--help', '--minutes'],
    ['guides', 'gateway-e2e', '--help', '--only'],
  ])('has the command that the pages name: npm run %s', (name, project, options, says) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const [build, program] = scripts[name]!.split(' && ');
    expect(build?.split(' ').slice(0, 3)).toEqual(['nx', 'run', `${project}:build`]);
    // Without its build, which is there: Nx would lay all builds anew, under the processes of other test files.
    const output = execSync(`${program} ${options}`, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    expect(output).toContain(says);
  });

  describe('keeps PM2 beside the product', () => {
    it.each(tracked.filter((path) => /(^|\/)package\.json$/.test(path)))('which is no dependency of %s', (path) => {
      const manifest = JSON.parse(read(path)) as Record<string, object | undefined>;
      const kinds = ['dependencies', 'peerDependencies', 'optionalDependencies'];
      expect(kinds.filter((kind) => Object.hasOwn(manifest[kind] ?? {}, 'pm2'))).toEqual([]);
    });

    it('whose command alone is named by a source', () => {
      const sources = tracked.filter((path) => /\.[cm]?[jt]s$/.test(path));
      expect(sources.length).toBeGreaterThan(100);
      expect(sources.filter((path) => path !== THIS_FILE && OF_PM2.test(read(path)))).toEqual([]);
    });

    it.each([
      "import pm2 from 'pm2';",
      "require('pm2/lib/API.js')",
      "createRequire(BIN)('../modules/pm2-axon')",
      "createRequire(import.meta.url).resolve('pm2/lib/God')",
    ])('which would find %s', (line) => expect(OF_PM2.test(line)).toBe(true));
  });

  it('runs no install script of a dependency, and says so of each, so that npm does not ask', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = new Set(scripted.map(([path]) => path.replace(/^.*node_modules\//, '')));
    expect(Object.keys(allowScripts)).toEqual([...names].sort());
    expect(new Set(Object.values(allowScripts))).toEqual(new Set([false]));
  });

  it('names no registry and no path of this machine in what is committed', () => {
    const registry = new URL(execFileSync('npm', ['config', 'get', 'registry'], { cwd: ROOT, encoding: 'utf8' })).host;
    // A short path such as /app is a word that others use too.
    const places = [registry, ...(ROOT.split(sep).length > 2 ? [ROOT + sep] : [])];
    const ofSomeMachine = /https?:\/\/[\w.-]*registry[\w.-]*\/|(^|[\s"'`=(])\/(home|Users)\/\w+\//m;
    const own = tracked.filter((path) => path !== 'package-lock.json' && existsSync(join(ROOT, path)));
    expect(own.filter((path) => places.some((place) => read(path).includes(place)))).toEqual([]);
    expect(own.filter((path) => ofSomeMachine.test(read(path)))).toEqual([]);
  });
});
