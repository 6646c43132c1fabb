import { randomUUID } from 'node:crypto';
import { type RedisServer, startRedis } from '@mintonce/test-support';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Test, type TestingModule } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { register } from 'prom-client';
import { TokenCacheModule } from '../nest/token-cache.module.js';
import { TokenService } from '../nest/token.service.js';
import { TokenCacheMetricsModule } from '../prometheus/token-cache-metrics.module.js';
import { RedisTokenStore } from '../redis/redis-token-store.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { CertifiedProvider } from './certified-provider.spec-support.js';
import { Telemetry } from './telemetry.spec-support.js';
import { TokenCacheTelemetryModule } from './token-cache-telemetry.module.js';

/** Names that Prometheus has by a decision of its own. */
const FIXED_NAMES: Record<string, string> = {
  token_cache_hits: 'token_cache_hits_total',
  token_cache_misses: 'token_cache_misses_total',
  token_mint_count: 'token_mints_total',
};
const LABELS: Record<string, string> = {
  integration: 'token_integration',
  layer: 'token_cache_layer',
  outcome: 'token_outcome',
  reason: 'token_mint_reason',
  operation: 'token_store_operation',
  code: 'error_type',
};
const UNITS: [RegExp, string][] = [[/\.(duration|timestamp)$/, '_seconds']];
const COUNTED = /\.(duration|timestamp)$/;

type Values = Record<string, number>;

/** The name that the specification of OpenTelemetry has an exporter for Prometheus make: `_`, the unit, `_total` for counters. */
function exportedName(name: string): string {
  const unit = UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
  return name.replaceAll('.', '_') + unit + (COUNTED.test(name) ? '' : '_total');
}

function seriesName(name: string, labels: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${String(value)}`);
  return `${name}{${pairs.sort().join()}}`;
}

describe('The metrics of TokenCacheTelemetryModule', () => {
  let server: RedisServer;
  let redis: Redis;
  let idp: CertifiedProvider;
  let telemetry: Telemetry;
  let app: TestingModule;
  let store: FaultyTokenStore;
  let tokens: TokenService;

  beforeAll(async () => {
    [server, idp] = await Promise.all([startRedis(), CertifiedProvider.start()]);
    redis = new Redis(server.socketPath);
  });

  beforeEach(async () => {
    register.clear();
    idp.reset();
    telemetry = new Telemetry();
    store = new FaultyTokenStore(new RedisTokenStore(redis, { namespace: randomUUID() }));
    app = await Test.createTestingModule({
      imports: [
        TokenCacheModule.forRoot({
          store,
          storeTimeoutMs: 10_000,
          integrations: { billing: { source: idp.source() } },
        }),
        TokenCacheModule.forFeature({ crm: { source: idp.source({ clientSecret: 'wrong' }) } }),
        PrometheusModule.register({ defaultMetrics: { enabled: false } }),
        TokenCacheMetricsModule,
        TokenCacheTelemetryModule,
      ],
    }).compile();
    app.useLogger(false);
    await app.init();
    tokens = app.get(TokenService, { strict: false });
  });

  afterEach(async () => {
    await app.close();
    await telemetry.stop();
  });

  afterAll(async () => {
    redis?.disconnect();
    await Promise.all([server?.stop(), idp?.stop()]);
  });

  /** What Prometheus has, under the names that OpenTelemetry has for it: of a histogram the number of measurements. */
  async function ofPrometheus(): Promise<Values> {
    const values: Values = {};
    for (const { name, type, values: found } of await register.getMetricsAsJSON()) {
      for (const { labels, value, metricName } of found as { labels: object; value: number; metricName?: string }[]) {
        if (String(type) === 'histogram' && metricName !== `${name}_count`) continue;
        const named = Object.entries(labels).map(([label, text]) => [LABELS[label] ?? label, text]);
        values[seriesName(FIXED_NAMES[name] ?? name, Object.fromEntries(named))] = value;
      }
    }
    return values;
  }

  async function ofOpenTelemetry(): Promise<Values> {
    const values: Values = {};
    for (const [name, series] of await telemetry.metrics()) {
      for (const { attributes, value } of series) {
        const named = Object.entries(attributes).map(([label, text]) => [label.replaceAll('.', '_'), text]);
        values[seriesName(exportedName(name), Object.fromEntries(named))] = value;
      }
    }
    return values;
  }

  it('begin at 0 for the integrations of all modules', async () => {
    const values = await ofOpenTelemetry();
    expect(values).toEqual(await ofPrometheus());
    expect(values).toMatchObject({
      'token_cache_hits_total{token_cache_layer=near,token_integration=crm}': 0,
      'token_cache_misses_total{token_integration=billing}': 0,
    });
  });

  it('are those of Prometheus in all that befalls a cache', async () => {
    const token = await tokens.getToken('billing');
    await tokens.getToken('billing');
    await tokens.invalidate(token);
    await tokens.getToken('billing');
    await tokens.getToken('crm').catch(() => {});
    store.fault = () => 'reject';
    await tokens.getToken('billing', { scope: 'a-scope' });
    const values = await ofOpenTelemetry();
    expect(values).toEqual(await ofPrometheus());
    expect(values).toMatchObject({
      'token_cache_hits_total{token_cache_layer=near,token_integration=billing}': 1,
      'token_mints_total{token_integration=billing,token_mint_reason=miss,token_outcome=stored}': 1,
      'token_mints_total{token_integration=billing,token_mint_reason=invalidated,token_outcome=stored}': 1,
      'token_mints_total{token_integration=billing,token_mint_reason=miss,token_outcome=local}': 1,
      'token_mints_total{token_integration=crm,token_mint_reason=miss,token_outcome=failed}': 1,
      'token_rejections_total{token_integration=billing,token_outcome=replaced}': 1,
    });
    expect(Object.keys(values).join()).toContain('token_store_errors_total{token_store_operation=acquire}');
  });
});
