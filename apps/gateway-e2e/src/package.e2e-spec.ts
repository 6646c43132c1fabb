import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { Consumer, pack } from './consumer.js';
import { exportedNames } from './exported-names.js';
import { ROOT } from './fleet.js';
import { PUBLIC_API } from './public-api.js';

jest.setTimeout(300_000);

const FOLDER = 'libs/token-cache';
const NAME = '@mintonce/token-cache';

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
  devDependencies: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, FOLDER, 'package.json'), 'utf8')) as Manifest;
const entryPoints = Object.entries(manifest.exports).flatMap(([entry, target]) =>
  typeof target === 'string' ? [] : [{ entry, ...target }],
);
const nestOf = (version: string) => [
  `@nestjs/common@${version}`,
  `@nestjs/core@${version}`,
  'reflect-metadata',
  'rxjs',
];
const specifierOf = (entry: string) => NAME + entry.slice(1);

/** The peers that may be missing, in the versions that the library is tested with. */
const optionalPeers = Object.keys(manifest.peerDependenciesMeta).map(
  (peer) => `${peer}@${manifest.devDependencies[peer]}`,
);

/** Two callers ask for a token, which names the process that minted it. */
const application = ({ store = 'new MemoryTokenStore()', process = 'this' } = {}) => `
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MemoryTokenStore, TokenCacheModule, TokenService, tokenSource } from '${NAME}';

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

const TYPESCRIPT = `
import { type Token, TokenCacheError, type TokenCacheErrorCode, TokenCacheModule, TokenService } from '${NAME}';
import { type MintedToken, MemoryTokenStore, type TokenRequest, tokenSource, type TokenStore } from '${NAME}';
import { clientCredentials } from '${NAME}/oauth';
import { RedisTokenStore } from '${NAME}/redis';
import { SqliteTokenStore } from '${NAME}/sqlite';
import { Redis } from 'ioredis';

const stores: TokenStore[] = [new MemoryTokenStore(), new SqliteTokenStore({ path: 'x' }), new RedisTokenStore(new Redis())];
const mint = async (request: TokenRequest): Promise<MintedToken> => ({ accessToken: String(request.scope) });
const crm = clientCredentials({ issuer: 'https://idp.example', clientId: 'crm', clientSecret: 'secret' });
export const root = TokenCacheModule.forRoot({
  store: stores[0]!,
  integrations: { billing: { source: tokenSource('billing', mint), safetyMarginMs: 60_000 }, crm: { source: crm } },
});
export const read = (tokens: TokenService): Promise<Token> => tokens.getToken('billing', { scope: ['invoices:read'] });
export const codeOf = (error: unknown): TokenCacheErrorCode | undefined =>
  error instanceof TokenCacheError ? error.code : undefined;
// @ts-expect-error a typing error is found: there is no such option
export const wrong = TokenCacheModule.forRoot({ store: stores[0]!, integrations: {}, safetyMargin: 1 });
`;

describe('The package of token-cache', () => {
  let directory: TemporaryDirectory;
  let tarball: string;
  let files: string[];

  beforeAll(async () => {
    directory = temporaryDirectory();
    ({ tarball, files } = await pack(FOLDER, directory.path));
  });

  afterAll(() => directory.remove());

  describe('as npm packs it', () => {
    it('holds what was built, its own page and the licence, and nothing else', () => {
      expect(files.filter((file) => !file.startsWith('dist/'))).toEqual(['LICENSE', 'README.md', 'package.json']);
    });

    it('holds no test, no source and nothing whose source is gone', () => {
      const built = files.filter((file) => /^dist\/.*\.js$/.test(file));
      const sources = built.map((file) => file.replace(/^dist\/(.*)\.js$/, 'src/$1.ts'));
      expect(files.filter((file) => /spec|(^|\/)tests?\/|(?<!\.d)\.ts$|tsconfig|jest/.test(file))).toEqual([]);
      expect(sources.filter((source) => !existsSync(join(ROOT, FOLDER, source)))).toEqual([]);
    });

    it('holds the target of every entry point', () => {
      const targets = entryPoints
        .flatMap((entry) => [entry.types, entry.default])
        .map((path) => path.slice('./'.length));
      expect(targets).not.toEqual([]);
      expect(targets.filter((target) => !files.includes(target))).toEqual([]);
    });

    it('holds the Lua scripts that the Redis store reads', () => {
      expect(files.filter((file) => file.endsWith('.lua')).map((file) => file.replace(/.*\/|\.lua$/g, ''))).toEqual([
        ...['acquire', 'commit', 'fail', 'head', 'invalidate', 'now', 'offer', 'peek', 'purge', 'renew'],
      ]);
    });
  });

  describe.each([
    ['Nest 12', '12.5.1'],
    ['Nest 11', '11.2.10'],
  ])('in a %s application outside of the workspace', (nest, version) => {
    let consumer: Consumer;

    beforeAll(async () => {
      consumer = new Consumer(join(directory.path, nest.replace(' ', '-')));
      await consumer.install(tarball, ...nestOf(version));
    });

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

  describe('with its optional peers', () => {
    let consumer: Consumer;

    beforeAll(async () => {
      consumer = new Consumer(join(directory.path, 'all-peers'));
      await consumer.install(tarball, ...nestOf('12.5.1'), ...optionalPeers, '@types/node@20');
    });

    it('has the entry points that are pinned here', () => {
      expect(entryPoints.map(({ entry }) => entry)).toEqual(Object.keys(PUBLIC_API));
    });

    it('declares from each entry point the names that are pinned here', () => {
      const names = exportedNames(entryPoints.map(({ types }) => join(consumer.folder, 'node_modules', NAME, types)));
      expect(Object.fromEntries(entryPoints.map(({ entry }, index) => [entry, names[index]]))).toEqual(PUBLIC_API);
    });

    it.each(entryPoints)('exports from "$entry" the values that are pinned here', async ({ entry }) => {
      const names = await consumer.run(
        `console.log(JSON.stringify(Object.keys(await import('${specifierOf(entry)}')).sort()))`,
        'names.js',
      );
      expect(JSON.parse(names)).toEqual(PUBLIC_API[entry]?.values);
    });

    it('hands a token from one process to the next through SQLite', async () => {
      const path = join(directory.path, 'tokens.sqlite');
      const store = `new (await import('${NAME}/sqlite')).SqliteTokenStore({ path: ${JSON.stringify(path)} })`;
      for (const process of ['first', 'second']) {
        await expect(consumer.run(application({ store, process }))).resolves.toBe('first-1, first-1');
      }
    });

    it('has types that a strict compiler accepts', async () => {
      await consumer.compile(TYPESCRIPT);
    });
  });
});
