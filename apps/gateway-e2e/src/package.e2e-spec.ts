import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedis, type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { compilerFindings } from './compiler.js';
import { Consumer, pack, type Packed } from './consumer.js';
import { exportedNames } from './exported-names.js';
import { ROOT } from './fleet.js';
import { PUBLIC_API } from './public-api.js';

jest.setTimeout(300_000);

const FOLDER = 'libs/token-cache';
const NAME = '@mintonce/token-cache';

const NEST_11 = '11.2.10';
const NEST_12 = '12.5.1';
/** `npm run hosts` has both in each test; `npm test` has the one without the optional peers and the other with them. */
const isEveryHost = process.env['EVERY_HOST'] !== undefined;
const WITHOUT_PEERS = isEveryHost ? [NEST_11, NEST_12] : [NEST_11];
const WITH_PEERS = isEveryHost ? [NEST_11, NEST_12] : [NEST_12];

interface Target {
  types: string;
  default: string;
}
interface Manifest {
  exports: Record<string, string | { 'module-sync': string; module: string; require: Target; default: Target }>;
  main: string;
  types: string;
  typesVersions: { '*': Record<string, [string]> };
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  devDependencies: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, FOLDER, 'package.json'), 'utf8')) as Manifest;
const entryPoints = Object.entries(manifest.exports).flatMap(([entry, target]) =>
  typeof target === 'string' ? [] : [{ entry, ...target, types: target.default.types }],
);
const nestOf = (version: string) => [
  `@nestjs/common@${version}`,
  `@nestjs/core@${version}`,
  'reflect-metadata',
  'rxjs',
];
const specifierOf = (entry: string) => NAME + entry.slice(1);

const isUsedByTypes = (peer: string) => /^(ioredis|libsql|oauth4webapi)@/.test(peer);

/** The peers that may be missing, in the versions that the library is tested with. */
const optionalPeers = Object.keys(manifest.peerDependenciesMeta).map(
  (peer) => `${peer}@${manifest.devDependencies[peer]}`,
);

const IMPORTS = `
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MemoryTokenStore, TokenCacheModule, TokenService, tokenSource } from '${NAME}';
`;

/** Two callers ask for a token, which names the process that minted it. */
const application = ({ store = 'new MemoryTokenStore()', process = 'this', imports = IMPORTS } = {}) => `
${imports}
${asking(store, process)}
`;

const asking = (store: string, process: string) => `
let minted = 0;
const source = tokenSource('tests', async () => ({ accessToken: ['${process}', ++minted].join('-'), expiresInMs: 600_000 }));

class Invoices {
  constructor(tokens) { this.tokens = tokens; }
  async credential() { return (await this.tokens.getToken('billing')).accessToken; }
}
Injectable()(Invoices);
Reflect.defineMetadata('design:paramtypes', [TokenService], Invoices);

class AppModule {}
Module({
  imports: [TokenCacheModule.forRoot({ store: ${store}, integrations: { billing: { source } } })],
  providers: [Invoices],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const invoices = app.get(Invoices);
console.log((await Promise.all([invoices.credential(), invoices.credential()])).join(', '));
await app.close();
`;

/** The same as one file that a bundler makes, on Redis. */
const bundled = (port: number) => `
${IMPORTS}
import { RedisTokenStore } from '${NAME}/redis';
import { Redis } from 'ioredis';

async function main() {
  const redis = new Redis({ host: '127.0.0.1', port: ${port} });
  ${asking('new RedisTokenStore(redis)', 'this')}
  await redis.quit();
}
void main();
`;

/** Packages in CommonJS, such as ioredis, `require` the modules of Node. */
const REQUIRE_IN_ES_MODULES =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

/** What Nest loads only where it is installed. */
const NOT_INSTALLED = ['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-*', 'class-*', '@fastify/*'];

/** Runs a tool of the workspace; answers what it printed. */
async function tool(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(ROOT, 'node_modules/.bin', name), args);
  return stdout;
}

const TYPESCRIPT = `
import { type Token, TokenCacheError, type TokenCacheErrorCode, TokenCacheModule, TokenService } from '${NAME}';
import { type MintedToken, MemoryTokenStore, type TokenRequest, tokenSource, type TokenStore } from '${NAME}';
import { clientCredentials } from '${NAME}/oauth';
import { RedisTokenStore } from '${NAME}/redis';
import { SqliteTokenStore } from '${NAME}/sqlite';
import { FakeClock, fakeToken, fakeTokens } from '${NAME}/testing';
import { Redis } from 'ioredis';

export const fakes: [Token, TokenService, FakeClock] = [fakeToken(), fakeTokens({ billing: 'a-token' }), new FakeClock()];
const stores: TokenStore[] = [new MemoryTokenStore(), new SqliteTokenStore({ path: 'x' }), new RedisTokenStore(new Redis())];
const mint = async (request: TokenRequest): Promise<MintedToken> => ({ accessToken: String(request.scope) });
const crm = clientCredentials({ issuer: 'https://idp.example', clientId: 'crm', clientSecret: 'secret' });
export const root = TokenCacheModule.forRoot({
  store: stores[0]!,
  integrations: { billing: { source: tokenSource('billing', mint), safetyMarginMs: 60_000 }, crm: { source: crm } },
});
export const feature = TokenCacheModule.forFeatureAsync({ inject: ['A'], useFactory: async (a: string) => ({ [a]: { source: crm } }) });
export const read = (tokens: TokenService): Promise<Token> => tokens.getToken('billing', { scope: ['invoices:read'] });
export const codeOf = (error: unknown): TokenCacheErrorCode | undefined =>
  error instanceof TokenCacheError ? error.code : undefined;
// @ts-expect-error a typing error is found: there is no such option
export const wrong = TokenCacheModule.forRoot({ store: stores[0]!, integrations: {}, safetyMargin: 1 });
`;

describe('The package of token-cache', () => {
  let directory: TemporaryDirectory;
  let packed: Packed;
  let tarball: string;
  let files: string[];

  beforeAll(async () => {
    directory = temporaryDirectory();
    packed = await pack(FOLDER, directory.path);
    ({ tarball, files } = packed);
  });

  afterAll(() => directory.remove());

  const hosts = new Map<string, Consumer>();

  /** The application with that Nest and these packages; npm brings it to that state from the one before. */
  async function hostWith(nest: string, ...packages: string[]): Promise<Consumer> {
    const wanted = [...nestOf(nest), ...packages];
    const consumer = hosts.get(wanted.join()) ?? new Consumer(join(directory.path, `nest-${nest}`));
    if (!hosts.has(wanted.join())) await consumer.install(tarball, ...wanted);
    hosts.set(wanted.join(), consumer);
    return consumer;
  }

  describe('as npm packs it', () => {
    it('holds what was built, its own page and the licence, and nothing else', () => {
      expect(files.filter((file) => !file.startsWith('dist/'))).toEqual(['LICENSE', 'README.md', 'package.json']);
    });

    it('holds no test, no source and nothing whose source is gone', () => {
      const built = files.filter((file) => /^dist\/(?!cjs\/vendor\/).*\.js$/.test(file));
      const sources = built
        .map((file) => file.replace(/^dist\/(cjs\/)?(.*)\.js$/, 'src/$2.ts'))
        .map((file) => file.replace(/\.lua\.ts$/, '.lua'));
      expect(files.filter((file) => /spec|(^|\/)tests?\/|(?<!\.d)\.ts$|tsconfig|jest/.test(file))).toEqual([]);
      expect(sources.filter((source) => !existsSync(join(ROOT, FOLDER, source)))).toEqual([]);
    });

    it('holds the target of every entry point', () => {
      const targets = entryPoints
        .flatMap(({ require, default: esm }) => [require.types, require.default, esm.types, esm.default])
        .map((path) => path.slice('./'.length));
      expect(targets).not.toEqual([]);
      expect(targets.filter((target) => !files.includes(target))).toEqual([]);
    });

    it('names the same target for whoever takes the ES modules', () => {
      for (const target of entryPoints) {
        expect([target['module-sync'], target.module]).toEqual([target.default.default, target.default.default]);
      }
    });

    it('names the same declarations for a compiler that does not read "exports"', () => {
      const { '.': root, ...others } = Object.fromEntries(
        entryPoints.map(({ entry, require }) => [entry, require.types]),
      );
      expect([manifest.main, manifest.types]).toEqual([root?.replace(/\.d\.ts$/, '.js'), root]);
      expect(Object.entries(manifest.typesVersions['*']).map(([name, [types]]) => [`./${name}`, types])).toEqual(
        Object.entries(others),
      );
    });

    it('is no larger than docs/releasing.md says, and not much smaller', () => {
      const page = readFileSync(join(ROOT, 'docs/releasing.md'), 'utf8');
      const [, most, mostUnpacked] = (/(\d+) kB packed and (\d+) kB unpacked/.exec(page) ?? []).map(Number);
      const sizes = [packed.size, packed.unpackedSize].map((bytes) => bytes / 1_000);
      expect(sizes.map((size, index) => size / [most!, mostUnpacked!][index]! <= 1)).toEqual([true, true]);
      expect(sizes.map((size, index) => size / [most!, mostUnpacked!][index]! > 0.8)).toEqual([true, true]);
    });

    it('names no place that only a release knows', () => {
      expect(Object.keys(manifest).filter((field) => /^(homepage|repository|bugs)$/.test(field))).toEqual([]);
      expect(JSON.stringify(manifest)).not.toMatch(/https?:|git\+/);
    });

    it('reads no file and asks for no place of its own at run time', () => {
      const scripts = files.filter((file) => /^dist\/(redis|cjs\/redis)\/.*\.js$/.test(file));
      const code = scripts.map((file) => readFileSync(join(ROOT, FOLDER, file), 'utf8')).join('');
      expect(scripts.length).toBeGreaterThan(20);
      expect(code).not.toMatch(/import\.meta|__dirname|__filename|node:fs/);
    });

    it('is what publint holds for correct', async () => {
      await expect(tool('publint', 'run', tarball, '--strict')).resolves.toContain('All good!');
    });

    it('has declarations that hold under exactOptionalPropertyTypes', () => {
      const declared = files.filter((file) => file.endsWith('.d.ts') && !file.includes('/vendor/'));
      const modules = { target: 'es2022', module: 'nodenext', types: ['node', 'jest'] };
      const compilerOptions = { ...modules, strict: true, exactOptionalPropertyTypes: true, noEmit: true };
      const isOurs = (path: string) => path.includes('token-cache/dist/');
      const found = compilerFindings(join(ROOT, FOLDER), { files: declared, compilerOptions }, isOurs);
      expect(found).toEqual([]);
    });

    it('has types that are right for every kind of host', async () => {
      const report = await tool('attw', tarball, '--format', 'json');
      expect((JSON.parse(report) as { analysis: { problems: unknown[] } }).analysis.problems).toEqual([]);
    });
  });

  describe.each(WITHOUT_PEERS)('in an application of Nest %s outside of the workspace', (version) => {
    let consumer: Consumer;
    beforeAll(async () => (consumer = await hostWith(version)));

    it('mints once for two callers, with no optional peer installed', async () => {
      for (const peer of Object.keys(manifest.peerDependenciesMeta)) {
        expect([peer, existsSync(join(consumer.folder, 'node_modules', peer))]).toEqual([peer, false]);
      }
      await expect(consumer.run(application())).resolves.toBe('this-1, this-1');
    });

    it('says which peer an entry point misses', async () => {
      await expect(consumer.run(`await import('${NAME}/oauth')`)).rejects.toThrow(
        /ERR_MODULE_NOT_FOUND[^]*oauth4webapi|oauth4webapi[^]*ERR_MODULE_NOT_FOUND/,
      );
    });
  });

  const kinds = [
    {
      version: NEST_11,
      file: 'main.cts',
      peers: optionalPeers.filter(isUsedByTypes),
      resolutions: [
        { moduleResolution: 'node10', module: 'commonjs', ignoreDeprecations: '6.0' },
        { moduleResolution: 'nodenext', module: 'nodenext' },
      ],
    },
    {
      version: NEST_12,
      file: 'main.mts',
      peers: optionalPeers,
      resolutions: [
        { moduleResolution: 'nodenext', module: 'nodenext' },
        { moduleResolution: 'bundler', module: 'esnext' },
      ],
    },
  ].filter(({ version }) => WITH_PEERS.includes(version));
  describe.each(kinds)('with Nest $version, in a file $file', ({ version, file, peers, resolutions }) => {
    let consumer: Consumer;
    beforeAll(async () => {
      consumer = await hostWith(version, ...peers, '@types/node@20');
    });

    describe.each(resolutions)('and with the module resolution $moduleResolution', (options) => {
      it('has types that a strict compiler accepts', () => {
        consumer.compile(TYPESCRIPT, NAME, { name: file, ...options });
      });
    });
  });

  describe('with its optional peers', () => {
    let consumer: Consumer;
    beforeAll(async () => (consumer = await hostWith(NEST_12, ...optionalPeers, '@types/node@20')));

    it('has the entry points that are pinned here', () => {
      expect(entryPoints.map(({ entry }) => entry)).toEqual(Object.keys(PUBLIC_API));
    });

    it('declares from each entry point the names that are pinned here', () => {
      const names = exportedNames(entryPoints.map(({ types }) => join(consumer.folder, 'node_modules', NAME, types)));
      expect(Object.fromEntries(entryPoints.map(({ entry }, index) => [entry, names[index]]))).toEqual(PUBLIC_API);
    });

    it.each(entryPoints)(
      'exports from "$entry" the values that are pinned here, the same for import and for require',
      async ({ entry }) => {
        const names = await consumer.run(
          `const required = require('${specifierOf(entry)}');
           import('${specifierOf(entry)}').then((imported) => {
             const names = Object.keys(imported).sort();
             console.log(JSON.stringify([names, names.filter((name) => imported[name] === required[name])]));
           });`,
          'names.cjs',
        );
        const { values } = PUBLIC_API[entry]!;
        expect(JSON.parse(names.split('\n')[0] ?? '')).toEqual([values, values]);
      },
    );

    it('hands a token from one process to the next through SQLite', async () => {
      const path = join(directory.path, 'tokens.sqlite');
      const store = `new (await import('${NAME}/sqlite')).SqliteTokenStore({ path: ${JSON.stringify(path)} })`;
      for (const process of ['first', 'second']) {
        await expect(consumer.run(application({ store, process }))).resolves.toBe('first-1, first-1');
      }
    });

    it('gives one application modules that import it and modules that require it', async () => {
      const imports = IMPORTS.replace(
        /import \{ MemoryTokenStore[^]*$/,
        `import { MemoryTokenStore, TokenCacheModule, tokenSource } from '${NAME}';
         import { createRequire } from 'node:module';
         const { TokenService } = createRequire(import.meta.url)('${NAME}');`,
      );
      expect(imports).toContain('createRequire');
      await expect(consumer.run(application({ imports }))).resolves.toMatch(/^this-1, this-1/);
    });

    it.each([
      ['cjs', 'bundle.cjs'],
      ['esm', 'bundle.mjs'],
    ])('works in a bundle of esbuild (%s)', async (format, outfile) => {
      const redis = await startRedis();
      try {
        const main = consumer.write('to-bundle.mjs', bundled(redis.port));
        const output = join(consumer.folder, outfile);
        const options = [
          '--bundle',
          '--platform=node',
          `--format=${format}`,
          `--outfile=${output}`,
          '--log-level=error',
        ];
        if (format === 'esm') options.push(`--banner:js=${REQUIRE_IN_ES_MODULES}`);
        await tool('esbuild', main, ...options, ...NOT_INSTALLED.map((name) => `--external:${name}`));
        await expect(consumer.node(outfile)).resolves.toMatch(/^this-1, this-1/);
      } finally {
        await redis.stop();
      }
    });

    it('leaves nothing of itself in a bundle that imports every entry point and uses none', async () => {
      const main = consumer.write(
        'unused.mjs',
        entryPoints.map(({ entry }) => `import '${specifierOf(entry)}';`).join('\n'),
      );
      const peers = Object.keys(manifest.peerDependencies).map((peer) => `--external:${peer}`);
      const bundle = await tool(
        'esbuild',
        main,
        '--bundle',
        '--platform=node',
        '--format=esm',
        '--log-level=error',
        ...peers,
      );
      expect(bundle).toBe('');
    });

    it('warns of a store in memory when it is one of several threads', async () => {
      consumer.write('thread.mjs', application().replace("['error']", "['error', 'warn']"));
      const output = await consumer.run(
        "new (await import('node:worker_threads')).Worker(new URL('./thread.mjs', import.meta.url));",
      );
      expect(output).toContain('MemoryTokenStore is not shared');
      expect(output).toContain('this-1, this-1');
    });
  });
});
