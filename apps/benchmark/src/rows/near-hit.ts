import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { TokenCacheModule, TokenService } from '@mintonce/token-cache';
import { TokenCacheMetricsModule } from '@mintonce/token-cache/prometheus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { asyncCacheDedupe, asyncMap, bentocache, cacheManager, lruCache } from '../contenders/memory-peers.js';
import { msal } from '../contenders/msal.js';
import { INTEGRATION, openClient, optionsWith, redisStore } from '../contenders/ours.js';
import { type Contender, contest, processorNs } from '../harness/contest.js';
import { atMost, comparisonOf } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';

const PLAIN = "getToken('api')";
const METRICS = 'the same with Prometheus metrics';
const REQUEST = 'the same with a request ({ tenant })';

export const nearHit: Row = {
  name: 'near-hit',
  work: 'A token that this process has in hand',
  notes: [
    '`lru-cache` is as fast as the Map, and faster than we are: it reads one clock, and knows neither rejections nor a channel by which other processes are heard.',
    'A hit of ours reads two clocks, since a token is over as soon as one of them says so.',
    'msal-node looks up its token by comparing the keys of its cache.',
  ],
  limit: [
    'The clocks stop all three goals.',
    'In processor time, the awaited call of the Map takes 50 to 73 ns on the machine of the profile, and `Date.now()` and `performance.now()` take 42 ns each.',
    'The same method over a Map that reads both takes 2.2 times as long; one that makes no promise of its own and reads the wall clock alone takes 1.28 times as long, which is above the goal.',
    'A reading is not kept for later calls: a token would be given out after its end when work or a suspended machine lay between.',
    'Of 200 ns of a hit the two readings take 90 ns and the wait of the caller 40 ns; the list of recently used tokens takes 20 to 30 ns, and the rest is divided among small steps.',
    'Metrics add 15 to 20 ns. A request adds 40 ns for the check of its fields and for the look-up of its key in a second list.',
  ],
  async run(bench) {
    const contenders = [asyncMap(), plain(bench), await withMetrics(bench), withRequest(bench)];
    const peers = [lruCache(), bentocache(), cacheManager(), asyncCacheDedupe(), msal()];
    const sampled = await contest([...contenders, ...peers], bench.effort, processorNs);
    const comparison = comparisonOf({ title: 'Near hit', unit: 'ns', better: 'lower' }, sampled);
    const goals = [atMost(comparison, PLAIN, 1.25), atMost(comparison, METRICS, 1.5), atMost(comparison, REQUEST, 1.6)];
    return { comparisons: [comparison], goals };
  },
};

function plain(bench: Bench): Contender {
  const client = openClient(bench, redisStore(bench, 'near-hit'));
  return {
    name: PLAIN,
    role: 'ours',
    async run(times) {
      for (let time = 0; time < times; time++) await client.getToken(INTEGRATION);
    },
  };
}

async function withMetrics(bench: Bench): Promise<Contender> {
  class Application {}
  const imports = [
    TokenCacheModule.forRoot(optionsWith(redisStore(bench, 'near-hit-metrics'))),
    PrometheusModule.register({ defaultMetrics: { enabled: false } }),
    TokenCacheMetricsModule,
  ];
  const application = await NestFactory.createApplicationContext(
    { module: Application, imports },
    { logger: ['error'] },
  );
  bench.running.onStop(() => application.close());
  const tokens = application.get(TokenService, { strict: false });
  return {
    name: METRICS,
    role: 'ours',
    async run(times) {
      for (let time = 0; time < times; time++) await tokens.getToken(INTEGRATION);
    },
  };
}

function withRequest(bench: Bench): Contender {
  const client = openClient(bench, redisStore(bench, 'near-hit-request'));
  return {
    name: REQUEST,
    role: 'ours',
    async run(times) {
      for (let time = 0; time < times; time++) await client.getToken(INTEGRATION, { tenant: 'acme' });
    },
  };
}
