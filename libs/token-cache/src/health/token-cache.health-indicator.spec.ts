import { TerminusModule } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { TokenCacheModule } from '../nest/token-cache.module.js';
import { type TokenPolicyOptions } from '../core/config/policy.js';
import { TokenService } from '../nest/token.service.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { TokenCacheHealthIndicator } from './token-cache.health-indicator.js';

describe('TokenCacheHealthIndicator', () => {
  let app: TestingModule;
  let store: FaultyTokenStore;
  let billing: FakeTokenSource;
  let tokens: TokenService;

  async function start(policy: TokenPolicyOptions = {}): Promise<void> {
    store = new FaultyTokenStore(new MemoryTokenStore());
    billing = new FakeTokenSource('billing');
    const integrations = { billing: { source: billing }, crm: { source: new FakeTokenSource('crm') } };
    app = await Test.createTestingModule({
      imports: [TerminusModule, TokenCacheModule.forRoot({ store, integrations, isGlobal: true, ...policy })],
      providers: [TokenCacheHealthIndicator],
    }).compile();
    tokens = app.get(TokenService, { strict: false });
  }

  afterEach(() => app.close());

  const check = async (): Promise<object> => (await app.get(TokenCacheHealthIndicator).isHealthy('tokens')).tokens;

  it('is up before the first mint, and mints nothing itself', async () => {
    await start();
    expect(await check()).toEqual({
      status: 'up',
      store: 'up',
      integrations: { billing: { state: 'missing' }, crm: { state: 'missing' } },
    });
    expect(billing.calls).toHaveLength(0);
  });

  it('reports the seconds to expiry, and nothing of the token itself', async () => {
    await start();
    await tokens.getToken('billing');
    const health = await check();
    expect(health).toMatchObject({ integrations: { billing: { state: 'valid', expiresInSeconds: 3_600 } } });
    expect(JSON.stringify(health)).not.toContain('billing-token');
  });

  it('is degraded while one source is in its cool-down, and reports the error code', async () => {
    await start();
    billing.failure = new TokenSourceRejectedError('no');
    await tokens.getToken('billing').catch(() => undefined);
    expect(await check()).toMatchObject({
      status: 'degraded',
      integrations: { billing: { state: 'cooling', lastErrorCode: 'TOKEN_SOURCE_REJECTED' } },
    });
  });

  it('is degraded while a refresh fails and the token is still valid', async () => {
    await start();
    const { keyId } = await tokens.getToken('billing');
    const acquired = await store.acquire(keyId, { nonce: 'n', leaseMs: 1_000, minTtlMs: Number.MAX_SAFE_INTEGER });
    if (acquired.outcome !== 'lease') throw new Error('no lease to refresh under');
    await store.fail(keyId, acquired.lease, { remainingMs: 10_000, error: '{}' });
    expect(await check()).toMatchObject({ status: 'degraded', integrations: { billing: { state: 'valid' } } });
  });

  it('is degraded while the store is down and policy allows local mints', async () => {
    await start();
    store.fault = () => 'reject';
    expect(await check()).toMatchObject({ status: 'degraded', store: 'down' });
  });

  it('is degraded while the store is down and this process holds a valid token', async () => {
    await start({ whenStoreUnavailable: 'fail' });
    await tokens.getToken('billing');
    store.fault = () => 'reject';
    expect(await check()).toMatchObject({ status: 'degraded', integrations: { crm: { state: 'unknown' } } });
  });

  it('is down while the store is down, policy is fail and no token is in hand', async () => {
    await start({ whenStoreUnavailable: 'fail' });
    store.fault = () => 'reject';
    expect(await check()).toMatchObject({ status: 'down' });
  });

  it('asks the store once for probes that arrive together', async () => {
    await start();
    await Promise.all(Array.from({ length: 20 }, check));
    expect(store.calls.filter((operation) => operation === 'ping')).toHaveLength(1);
  });
});
