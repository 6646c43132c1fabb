import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { rulesBrokenBy } from './lint-imports.js';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const CORE = 'libs/token-cache/src/core/example.ts';
const RESTRICTED = 'no-restricted-imports';
const BOUNDARIES = '@nx/enforce-module-boundaries';

const FORBIDDEN: [file: string, imports: string, rule: string][] = [
  [CORE, 'ioredis', RESTRICTED],
  [CORE, 'libsql', RESTRICTED],
  [CORE, 'oauth4webapi', RESTRICTED],
  [CORE, 'prom-client', RESTRICTED],
  [CORE, '@willsoto/nestjs-prometheus', RESTRICTED],
  [CORE, '@nestjs/terminus', RESTRICTED],
  [CORE, 'undici', RESTRICTED],
  [CORE, 'axios', RESTRICTED],
  [CORE, 'fastify', RESTRICTED],
  [CORE, 'node:http', RESTRICTED],
  [CORE, 'node:https', RESTRICTED],
  [CORE, 'node:http2', RESTRICTED],
  [CORE, 'node:net', RESTRICTED],
  [CORE, '../redis/index.js', RESTRICTED],
  [CORE, '../sqlite/index.js', RESTRICTED],
  [CORE, '../oauth/index.js', RESTRICTED],
  [CORE, '../prometheus/index.js', RESTRICTED],
  [CORE, '../health/index.js', RESTRICTED],
  [CORE, '../testing/index.js', RESTRICTED],
  ['libs/token-cache/src/redis/example.ts', '../../../../apps/gateway/src/app.module.js', BOUNDARIES],
  ['libs/token-cache/src/redis/example.ts', '@mintonce/gateway', BOUNDARIES],
  ['libs/token-cache/src/redis/example.ts', '@mintonce/demo', BOUNDARIES],
  ['libs/token-cache/src/redis/example.ts', '@mintonce/cluster-metrics', BOUNDARIES],
  ['libs/cluster-metrics/src/example.ts', '@mintonce/token-cache', BOUNDARIES],
  ['libs/cluster-metrics/src/example.ts', '@mintonce/gateway', BOUNDARIES],
  ['libs/test-support/src/example.ts', '@mintonce/token-cache', BOUNDARIES],
  ['apps/gateway/src/example.ts', '@mintonce/demo', BOUNDARIES],
  ['apps/gateway/src/example.ts', '../../../libs/token-cache/src/core/token.service.js', BOUNDARIES],
];

const ALLOWED: [file: string, imports: string][] = [
  [CORE, './token.service.js'],
  [CORE, 'node:crypto'],
  [CORE, 'lru-cache'],
  [CORE, '@nestjs/common'],
  ['libs/token-cache/src/redis/example.ts', 'ioredis'],
  ['libs/token-cache/src/redis/example.ts', '../lib/token-store.js'],
  ['libs/token-cache/src/redis/example.spec.ts', '@mintonce/test-support'],
  ['libs/cluster-metrics/src/example.ts', 'prom-client'],
  ['apps/gateway/src/example.ts', '@mintonce/token-cache'],
  ['apps/gateway/src/example.ts', '@mintonce/token-cache/redis'],
  ['apps/gateway/src/example.ts', '@mintonce/cluster-metrics'],
  ['apps/chaos/src/example.ts', '@mintonce/demo'],
];

describe('The workspace', () => {
  describe('has module boundaries', () => {
    let broken: string[][];

    beforeAll(() => {
      broken = rulesBrokenBy([...FORBIDDEN, ...ALLOWED].map(([file, imports]) => ({ file, imports })));
    });

    it.each(FORBIDDEN.map((forbidden, index) => ({ forbidden, index })))(
      'that forbid in $forbidden.0 to import $forbidden.1',
      ({ forbidden, index }) => {
        expect(broken[index]).toEqual([forbidden[2]]);
      },
    );

    it.each(ALLOWED.map((allowed, index) => ({ allowed, index: FORBIDDEN.length + index })))(
      'that allow in $allowed.0 to import $allowed.1',
      ({ index }) => {
        expect(broken[index]).toEqual([]);
      },
    );
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
    ['simulate', '--seeds', '3', 'Every promise held.'],
    ['soak', '--help', '--minutes'],
  ])('has the command that the guarantees name: npm run %s', (...words) => {
    const says = words.pop();
    const [script = '', ...options] = words;
    const output = execFileSync('npm', ['run', script, '--', ...options], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false' },
      stdio: 'pipe',
    });
    expect(output).toContain(says);
  });

  describe('keeps PM2 beside the product', () => {
    it.each(tracked.filter((path) => /(^|\/)package\.json$/.test(path)))('which is no dependency of %s', (path) => {
      const manifest = JSON.parse(read(path)) as Record<string, object | undefined>;
      const kinds = ['dependencies', 'peerDependencies', 'optionalDependencies'];
      expect(kinds.filter((kind) => Object.hasOwn(manifest[kind] ?? {}, 'pm2'))).toEqual([]);
    });

    it('which no source imports', () => {
      const sources = tracked.filter((path) => /\.[cm]?[jt]s$/.test(path));
      expect(sources.length).toBeGreaterThan(100);
      expect(sources.filter((path) => /(from|import|import\(|require\()\s*['"`]pm2['"`/]/.test(read(path)))).toEqual(
        [],
      );
    });
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
