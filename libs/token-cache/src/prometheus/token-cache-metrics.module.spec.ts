import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Counter, register } from 'prom-client';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenCacheModule } from '../nest/token-cache.module.js';
import { TokenService } from '../nest/token.service.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { TokenCacheMetricsModule } from './token-cache-metrics.module.js';

describe('TokenCacheMetricsModule', () => {
  let app: TestingModule;
  let source: FakeTokenSource;
  let store: FaultyTokenStore;
  let tokens: TokenService;

  beforeEach(async () => {
    register.clear();
    source = new FakeTokenSource();
    store = new FaultyTokenStore(new MemoryTokenStore());
    app = await Test.createTestingModule({
      imports: [
        TokenCacheModule.forRoot({ store, integrations: { billing: { source } } }),
        PrometheusModule.register({ defaultMetrics: { enabled: false } }),
        TokenCacheMetricsModule,
      ],
    }).compile();
    await app.init();
    tokens = app.get(TokenService, { strict: false });
  });

  afterEach(() => app.close());

  const series = async (name: string): Promise<string[]> =>
    (await register.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  const lines = async (name: string): Promise<string[]> => (await series(name)).filter((line) => !line.endsWith(' 0'));

  it('counts a miss and a mint for the first call, and hits by layer for later ones', async () => {
    await tokens.getToken('billing');
    await tokens.getToken('billing');
    expect(await lines('token_cache_misses')).toEqual(['token_cache_misses{integration="billing"} 1']);
    expect(await lines('token_mint_count')).toEqual([
      'token_mint_count{integration="billing",outcome="stored",reason="miss"} 1',
    ]);
    expect(await lines('token_cache_hits')).toEqual(['token_cache_hits{integration="billing",layer="near"} 1']);
  });

  it('tells the counter of hits at a scrape and not at each hit, whose labels it would hash', async () => {
    await tokens.getToken('billing');
    const hits = register.getSingleMetric('token_cache_hits') as Counter;
    const inc = jest.spyOn(hits, 'inc');
    for (let call = 0; call < 100; call++) await tokens.getToken('billing');
    expect(inc).not.toHaveBeenCalled();
    for (let scrape = 0; scrape < 2; scrape++) {
      expect(await lines('token_cache_hits')).toEqual(['token_cache_hits{integration="billing",layer="near"} 100']);
    }
  });

  it('exports the counters of every integration with the value 0 at start, so that increase() sees the first increment', async () => {
    expect(await series('token_cache_misses')).toEqual(['token_cache_misses{integration="billing"} 0']);
    expect(await series('token_cache_hits')).toHaveLength(3);
    expect(await series('token_mint_count')).toHaveLength(4 * 3);
  });

  it('exports the expiry of the token in Unix time', async () => {
    const { expiresAt } = await tokens.getToken('billing');
    expect(await lines('token_expiry_timestamp_seconds')).toEqual([
      `token_expiry_timestamp_seconds{integration="billing"} ${expiresAt / 1_000}`,
    ]);
  });

  it('counts rejections, and the mint that follows by its reason', async () => {
    await tokens.invalidate(await tokens.getToken('billing'));
    await tokens.getToken('billing');
    expect(await lines('token_rejections_total')).toContain(
      'token_rejections_total{integration="billing",outcome="replaced"} 1',
    );
    expect(await lines('token_mint_count')).toContain(
      'token_mint_count{integration="billing",outcome="stored",reason="invalidated"} 1',
    );
  });

  it('counts a mint that failed under the outcome failed', async () => {
    source.failure = new TokenSourceRejectedError('no');
    await expect(tokens.getToken('billing')).rejects.toThrow('no');
    expect(await lines('token_mint_count')).toEqual([
      'token_mint_count{integration="billing",outcome="failed",reason="miss"} 1',
    ]);
  });

  it('counts failed store calls and observes the duration of all', async () => {
    store.fault = (operation) => (operation === 'acquire' ? 'reject' : undefined);
    await tokens.getToken('billing');
    expect(await lines('token_store_errors_total')).toEqual(['token_store_errors_total{operation="acquire"} 1']);
    expect(await lines('token_store_duration_seconds_count')).toEqual([
      'token_store_duration_seconds_count{operation="acquire"} 1',
    ]);
    expect(await lines('token_mint_count')).toEqual([
      'token_mint_count{integration="billing",outcome="local",reason="miss"} 1',
    ]);
  });

  it('exports every metric under its documented name', async () => {
    const names = (await register.getMetricsAsJSON()).map(({ name, type }) => `${name} ${type}`);
    expect(names.sort()).toEqual([
      'token_cache_hits counter',
      'token_cache_misses counter',
      'token_commits_superseded_total counter',
      'token_expiry_timestamp_seconds gauge',
      'token_leases_lost_total counter',
      'token_mint_count counter',
      'token_mint_duration_seconds histogram',
      'token_payload_undecryptable_total counter',
      'token_refresh_failures_total counter',
      'token_rejections_total counter',
      'token_store_duration_seconds histogram',
      'token_store_errors_total counter',
      'token_wait_duration_seconds histogram',
    ]);
  });

  it('stops counting after the application has closed', async () => {
    await app.close();
    await tokens.peek('billing').catch(() => undefined);
    expect(await lines('token_store_duration_seconds_count')).toEqual([]);
  });
});
