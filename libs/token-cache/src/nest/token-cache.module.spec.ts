import { type DynamicModule, Inject, Injectable, type LoggerService, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenCacheModule } from './token-cache.module.js';
import { type TokenCacheOptions } from '../core/config/token-cache.options.js';
import { TokenService } from './token.service.js';

@Injectable()
class Invoices {
  constructor(@Inject(TokenService) readonly tokens: TokenService) {}
}

const SILENT: LoggerService = { log: () => {}, error: () => {}, warn: () => {} };

describe('TokenCacheModule', () => {
  let options: TokenCacheOptions;
  beforeEach(() => {
    options = { store: new MemoryTokenStore(), integrations: { billing: { source: new FakeTokenSource('billing') } } };
  });

  it('gives TokenService to the module that imports forRoot', async () => {
    const app = await Test.createTestingModule({
      imports: [TokenCacheModule.forRoot(options)],
      providers: [Invoices],
    }).compile();
    const token = await app.get(Invoices).tokens.getToken('billing');
    expect(token.accessToken).toBe('billing-token-1');
    await app.close();
  });

  it('takes its options from a factory with forRootAsync', async () => {
    @Module({ providers: [{ provide: 'STORE', useFactory: () => new MemoryTokenStore() }], exports: ['STORE'] })
    class StoreModule {}
    const app = await Test.createTestingModule({
      imports: [
        TokenCacheModule.forRootAsync({
          imports: [StoreModule],
          inject: ['STORE'],
          useFactory: (store: MemoryTokenStore) => ({ ...options, store }),
        }),
      ],
      providers: [Invoices],
    }).compile();
    expect((await app.get(Invoices).tokens.getToken('billing')).accessToken).toBe('billing-token-1');
    await app.close();
  });

  it('takes its options from a class with forRootAsync', async () => {
    class Settings {
      createTokenCacheOptions(): TokenCacheOptions {
        return options;
      }
    }
    const app = await Test.createTestingModule({
      imports: [TokenCacheModule.forRootAsync({ useClass: Settings })],
      providers: [Invoices],
    }).compile();
    expect((await app.get(Invoices).tokens.getToken('billing')).accessToken).toBe('billing-token-1');
    await app.close();
  });

  it('is named in what Nest says of a factory that asks for what is not there', async () => {
    const imports = [TokenCacheModule.forRootAsync({ inject: ['STORE'], useFactory: () => options })];
    await expect(Test.createTestingModule({ imports }).setLogger(SILENT).compile()).rejects.toThrow(
      /TOKEN_CACHE_MODULE_OPTIONS/,
    );
  });

  it('is seen everywhere with isGlobal, and only then', async () => {
    @Module({ providers: [Invoices] })
    class FeatureModule {}
    const beside = (root: DynamicModule): Promise<unknown> =>
      Test.createTestingModule({ imports: [root, FeatureModule] })
        .setLogger(SILENT)
        .compile();
    const useFactory = (): TokenCacheOptions => options;
    await expect(beside(TokenCacheModule.forRoot({ ...options, isGlobal: true }))).resolves.toBeDefined();
    await expect(beside(TokenCacheModule.forRootAsync({ useFactory, isGlobal: true }))).resolves.toBeDefined();
    await expect(beside(TokenCacheModule.forRoot({ ...options, isGlobal: false }))).rejects.toThrow(/TokenService/);
    await expect(beside(TokenCacheModule.forRoot(options))).rejects.toThrow(/TokenService/);
    await expect(beside(TokenCacheModule.forRootAsync({ useFactory }))).rejects.toThrow(/TokenService/);
  });

  it('lets feature modules add integrations of their own, under the policy of the root', async () => {
    const crm = new FakeTokenSource('crm');
    @Module({ imports: [TokenCacheModule.forFeature({ crm: { source: crm } })], providers: [Invoices] })
    class CrmModule {}
    const app = await Test.createTestingModule({
      imports: [TokenCacheModule.forRoot({ ...options, whenStoreUnavailable: 'fail' }), CrmModule],
    }).compile();
    const { tokens } = app.get(Invoices, { strict: false });
    expect(tokens.integrations).toEqual(['billing', 'crm']);
    expect((await tokens.getToken('crm')).accessToken).toBe('crm-token-1');
    expect(tokens.canMintWithoutStore('crm')).toBe(false);
    await app.close();
  });

  it.each([
    ['leaseMs', () => TokenCacheModule.forRoot({ ...options, leaseMs: -1 })],
    ['leaseMs', () => TokenCacheModule.forRootAsync({ useFactory: () => ({ ...options, leaseMs: -1 }) })],
    ['integrations.crm.source', () => TokenCacheModule.forFeature({ crm: {} as never })],
    ['integrations.billing', () => TokenCacheModule.forFeature({ billing: { source: new FakeTokenSource() } })],
  ])('does not boot with %s that cannot be', async (field, module) => {
    const imports = [module()];
    if (field.startsWith('integrations')) imports.unshift(TokenCacheModule.forRoot(options));
    await expect(Test.createTestingModule({ imports }).setLogger(SILENT).compile()).rejects.toMatchObject({
      code: 'TOKEN_CONFIG_INVALID',
      field,
    });
  });

  it('closes the store when the application closes', async () => {
    const closed = jest.spyOn(options.store, 'close');
    const app = await Test.createTestingModule({ imports: [TokenCacheModule.forRoot(options)] }).compile();
    await app.init();
    await app.close();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  async function warnings(of: TokenCacheOptions): Promise<unknown[]> {
    const warn = jest.fn();
    await Test.createTestingModule({ imports: [TokenCacheModule.forRoot(of)] })
      .setLogger({ ...SILENT, warn })
      .compile();
    return warn.mock.calls;
  }

  describe('in one of several workers', () => {
    beforeEach(() => (process.env['NODE_APP_INSTANCE'] = '1'));
    afterEach(() => delete process.env['NODE_APP_INSTANCE']);

    it('warns that MemoryTokenStore is not shared, and says what to use', async () => {
      expect(await warnings(options)).toEqual([
        [
          'MemoryTokenStore is not shared, but this is one of several workers: each of them mints its own tokens. ' +
            'Use RedisTokenStore, or SqliteTokenStore when all workers are on one machine.',
          'TokenService',
        ],
      ]);
    });

    it('does not warn of a store that may be shared', async () => {
      expect(await warnings({ ...options, store: new FaultyTokenStore(options.store) })).toEqual([]);
    });
  });

  it('does not warn the only process', async () => {
    expect(await warnings(options)).toEqual([]);
  });
});
