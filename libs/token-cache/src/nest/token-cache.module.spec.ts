import cluster from 'node:cluster';
import { type DynamicModule, Inject, Injectable, type LoggerService, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fakeTokens } from '../testing/fake-tokens.js';
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

  it('lets feature modules take their integrations from a factory, as from a ConfigService', async () => {
    @Injectable()
    class Settings {
      readonly secret = 'crm';
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    @Module({
      imports: [
        TokenCacheModule.forFeatureAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ secret }: Settings) => ({ crm: { source: new FakeTokenSource(secret) } }),
        }),
      ],
      providers: [Invoices],
    })
    class CrmModule {}
    const app = await Test.createTestingModule({ imports: [TokenCacheModule.forRoot(options), CrmModule] }).compile();
    const { tokens } = app.get(Invoices, { strict: false });
    expect((await tokens.getToken('crm')).accessToken).toBe('crm-token-1');
    expect(tokens.integrations).toEqual(['billing', 'crm']);
    await app.close();
  });

  it.each(['reference', 'deep-hash'] as const)('keeps every forFeature when Nest names modules by %s', async (by) => {
    const [crm, erp, hr] = ['crm', 'erp', 'hr'].map((name) => ({ [name]: { source: new FakeTokenSource(name) } }));
    @Module({ imports: [TokenCacheModule.forRoot(options)] })
    class RootModule {}
    @Module({ imports: [TokenCacheModule.forFeature(crm!)] })
    class CrmModule {}
    @Module({ imports: [TokenCacheModule.forFeature(erp!)] })
    class ErpModule {}
    @Module({ imports: [TokenCacheModule.forFeatureAsync({ useFactory: () => hr! })] })
    class HrModule {}
    const app = await Test.createTestingModule(
      { imports: [RootModule, CrmModule, ErpModule, HrModule] },
      { moduleIdGeneratorAlgorithm: by },
    ).compile();
    expect([...app.get(TokenService, { strict: false }).integrations].sort()).toEqual(['billing', 'crm', 'erp', 'hr']);
    await app.close();
  });

  it('gives TokenService to a feature module that imports the class itself', async () => {
    @Module({ imports: [TokenCacheModule], providers: [Invoices] })
    class InvoicesModule {}
    const app = await Test.createTestingModule({
      imports: [TokenCacheModule.forRoot(options), InvoicesModule],
    }).compile();
    expect(app.get(Invoices, { strict: false }).tokens).toBe(app.get(TokenService, { strict: false }));
    await app.close();
  });

  it('is named in what Nest says of an application without forRoot', async () => {
    const compiling = Test.createTestingModule({ imports: [TokenCacheModule] })
      .setLogger(SILENT)
      .compile();
    await expect(compiling).rejects.toThrow(/TokenCacheModule\.forRoot\(\)/);
  });

  it('builds neither service nor integrations of its own when a test overrides TokenService', async () => {
    const fake = fakeTokens({ billing: 'a-token' });
    const notBuilt = jest.fn();
    @Module({
      imports: [TokenCacheModule.forFeatureAsync({ useFactory: notBuilt })],
      providers: [Invoices],
    })
    class CrmModule {}
    const app = await Test.createTestingModule({
      // Options that the real service refuses.
      imports: [TokenCacheModule.forRoot({ store: {} as never }), CrmModule],
    })
      .overrideProvider(TokenService)
      .useValue(fake)
      .compile();
    expect(app.get(Invoices, { strict: false }).tokens).toBe(fake);
    expect(notBuilt).not.toHaveBeenCalled();
    await app.close();
  });

  it.each([
    ['leaseMs', () => TokenCacheModule.forRoot({ ...options, leaseMs: -1 })],
    ['leaseMs', () => TokenCacheModule.forRootAsync({ useFactory: () => ({ ...options, leaseMs: -1 }) })],
    ['integrations.crm.source', () => TokenCacheModule.forFeature({ crm: {} as never })],
    [
      'integrations.crm.source',
      () => TokenCacheModule.forFeatureAsync({ useFactory: async () => ({ crm: {} as never }) }),
    ],
    ['integrations.billing', () => TokenCacheModule.forFeature({ billing: { source: new FakeTokenSource() } })],
  ])('does not boot with %s that cannot be', async (field, module) => {
    const imports = [module()];
    if (field.startsWith('integrations')) imports.unshift(TokenCacheModule.forRoot(options));
    await expect(Test.createTestingModule({ imports }).setLogger(SILENT).compile()).rejects.toMatchObject({
      code: 'TOKEN_CONFIG_INVALID',
      field,
    });
  });

  it('says at once that forFeatureAsync has no factory', () => {
    expect(() => TokenCacheModule.forFeatureAsync({} as never)).toThrow(
      expect.objectContaining({ field: 'useFactory', message: 'useFactory must be a function' }),
    );
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

  it('warns a worker of the cluster module, which nobody gave a number', async () => {
    const worker = jest.replaceProperty(cluster, 'isWorker', true);
    expect(await warnings(options)).toHaveLength(1);
    worker.restore();
  });

  it('does not warn the only process', async () => {
    expect(await warnings(options)).toEqual([]);
  });
});
