import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { type DynamicModule, type LoggerService } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type IntegrationOptions, type TokenCacheOptions } from '../core/config/token-cache.options.js';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { SqliteTokenStore } from '../sqlite/sqlite-token-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { TokenCacheModule } from './token-cache.module.js';
import { TokenService } from './token.service.js';

/** Keeps what the library says. */
class Lines implements LoggerService {
  readonly warnings: string[] = [];
  log(): void {}
  error(): void {}
  warn(line: string): void {
    this.warnings.push(line);
  }
}

describe('An application whose integration has warmUp', () => {
  let directory: TemporaryDirectory;
  let source: FakeTokenSource;
  let lines: Lines;
  const running: TestingModule[] = [];

  beforeEach(() => {
    directory = temporaryDirectory();
    source = new FakeTokenSource('billing');
    lines = new Lines();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
    directory.remove();
  });

  const options = (billing: Partial<IntegrationOptions>, more: Partial<TokenCacheOptions> = {}): TokenCacheOptions => ({
    store: new SqliteTokenStore({ path: `${directory.path}/tokens.sqlite` }),
    integrations: { billing: { source, ...billing } },
    ...more,
  });

  async function boot(...imports: DynamicModule['imports'] & object): Promise<TokenService> {
    const module = await Test.createTestingModule({ imports }).setLogger(lines).compile();
    running.push(module);
    await module.init();
    return module.get(TokenService, { strict: false });
  }

  it.each(['forRoot', 'forRootAsync'] as const)('has its token before it is ready, with %s', async (method) => {
    const root =
      method === 'forRoot'
        ? TokenCacheModule.forRoot(options({ warmUp: true }))
        : TokenCacheModule.forRootAsync({ useFactory: () => options({ warmUp: true }) });
    const tokens = await boot(root);
    expect(source.calls).toHaveLength(1);
    expect((await tokens.peek('billing'))?.accessToken).toBe('billing-token-1');
    expect(lines.warnings).toEqual([]);
  });

  it.each(['forFeature', 'forFeatureAsync'] as const)('has the token of a feature module, with %s', async (method) => {
    const crm = new FakeTokenSource('crm');
    const integrations = { crm: { source: crm, warmUp: true } };
    const feature =
      method === 'forFeature'
        ? TokenCacheModule.forFeature(integrations)
        : TokenCacheModule.forFeatureAsync({ useFactory: () => integrations });
    await boot(TokenCacheModule.forRoot(options({})), feature);
    expect(crm.calls).toHaveLength(1);
    expect(source.calls).toEqual([]);
  });

  it('has the tokens of each request that is named, each minted once', async () => {
    const warmUp = [{ tenant: 'one' }, { tenant: 'two' }, { scope: 'a b' }, { scope: ['b', 'a'] }];
    await boot(TokenCacheModule.forRoot(options({ warmUp })));
    const asked = source.calls.map(({ request }) => JSON.stringify(request)).sort();
    expect(asked).toEqual(['{"scope":["a","b"]}', '{"tenant":"one"}', '{"tenant":"two"}']);
  });

  it('shares its mint with an application that starts with it', async () => {
    await Promise.all([1, 2].map(() => boot(TokenCacheModule.forRoot(options({ warmUp: true })))));
    expect(source.calls).toHaveLength(1);
  });

  it('mints nothing at boot for all other integrations', async () => {
    await boot(TokenCacheModule.forRoot(options({ warmUp: false })));
    await boot(TokenCacheModule.forRoot(options({})));
    expect(source.calls).toEqual([]);
  });

  it('asks the provider for no more tokens at once than maxOpenMints says', async () => {
    let open = 0;
    let most = 0;
    const counting = {
      identity: 'counting',
      mint: async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return { accessToken: 'a-token', expiresInMs: 3_600_000 };
      },
    };
    const warmUp = Array.from({ length: 20 }, (_, tenant) => ({ tenant: `${tenant}` }));
    // A busy machine does not use up the time for it.
    const clock = new FakeClock();
    const tokens = await boot(
      TokenCacheModule.forRoot(options({ source: counting, warmUp, maxOpenMints: 3 }, { clock })),
    );
    expect(most).toBe(3);
    expect(await tokens.status('billing', { tenant: '19' })).toMatchObject({ state: 'valid' });
  });

  it('starts all the same when its source refuses, and says so in a line for all tenants', async () => {
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_client' });
    const warmUp = [{ tenant: 'one' }, { tenant: 'two' }];
    const tokens = await boot(TokenCacheModule.forRoot(options({ warmUp })));
    expect(lines.warnings).toContain(
      '2 tokens for "billing" (TOKEN_SOURCE_REJECTED) could not be had before the application was ready. The first caller waits for it',
    );
    expect(await tokens.status('billing', { tenant: 'one' })).toMatchObject({ lastErrorCode: 'TOKEN_SOURCE_REJECTED' });
  });

  it('starts after warmUpTimeoutMs when its source does not answer, and the mint goes on', async () => {
    const release = source.hold();
    const tokens = await boot(TokenCacheModule.forRoot(options({ warmUp: true }, { warmUpTimeoutMs: 50 })));
    expect(lines.warnings).toEqual([expect.stringContaining('(TOKEN_WAIT_TIMEOUT)')]);
    release();
    expect((await tokens.getToken('billing')).accessToken).toBe('billing-token-1');
    expect(source.calls).toHaveLength(1);
  });

  it('warms up once, however many modules add integrations', async () => {
    source.failure = new TokenSourceRejectedError('no');
    const features = ['crm', 'mail'].map((name) => TokenCacheModule.forFeature({ [name]: { source } }));
    await boot(TokenCacheModule.forRoot(options({ warmUp: true })), ...features);
    expect(lines.warnings.filter((line) => line.includes('before the application was ready'))).toEqual([
      expect.stringMatching(/^A token for "billing" /),
    ]);
  });

  it.each([
    ['integrations.billing.warmUp', { warmUp: 'yes' }, {}],
    ['integrations.billing.warmUp', { warmUp: {} }, {}],
    ['integrations.billing.warmUp.0', { warmUp: [7] }, {}],
    ['integrations.billing.warmUp.1.tenant', { warmUp: [{}, { tenant: '' }] }, {}],
    ['integrations.billing.warmUp.0.region', { warmUp: [{ region: 'eu' }] }, {}],
    ['warmUpTimeoutMs', { warmUp: true }, { warmUpTimeoutMs: -1 }],
  ])('does not start with a wrong %s', async (field, billing, more) => {
    const root = TokenCacheModule.forRoot(options(billing as never, more));
    await expect(boot(root)).rejects.toMatchObject({ code: 'TOKEN_CONFIG_INVALID', field });
  });
});
