import { freePort, startRedis, waitFor } from '@mintonce/test-support';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';
import { workerCount } from '../worker-count.js';
import { makeKey } from './make-key.js';
import { RequestPace } from './request-pace.js';

const [SHOP, OTHER] = [makeKey(), makeKey()] as const;
const ACCESS = {
  apiKeys: [
    { id: 'shop', sha256: SHOP.sha256, integrations: ['*'], token: true },
    { id: 'other', sha256: OTHER.sha256, integrations: ['*'] },
  ],
};
const PER_SECOND = 3;

describe('The limits of callers', () => {
  const gateways: GuardedGateway[] = [];
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.stop();
  });

  async function start(file: object, more: object = {}, env: NodeJS.ProcessEnv = {}): Promise<GuardedGateway> {
    const gateway = await guardedGateway({ access: ACCESS, ...file }, more, undefined, env);
    gateways.push(gateway);
    return gateway;
  }
  const call = (gateway: GuardedGateway, key: string, path = '/proxy/billing/x', method = 'GET') =>
    fetch(gateway.url + path, { method, headers: { 'x-api-key': key } });

  /** Sends until one is refused; how many were not, and how many may have been, by the seconds that it took. */
  async function untilRefused(
    send: () => Promise<Response>,
  ): Promise<{ served: number; allowed: number; last: Response }> {
    const startedAt = performance.now();
    for (let served = 0; ; served++) {
      const last = await send();
      if (last.status !== 429) continue;
      return { served, allowed: PER_SECOND * (1 + Math.ceil((performance.now() - startedAt) / 1_000)), last };
    }
  }

  it('answer 429 with Retry-After to more requests in a second, and let the next second pass', async () => {
    const gateway = await start({ limits: { requestsPerSecond: PER_SECOND } });
    const { served, allowed, last } = await untilRefused(() => call(gateway, SHOP.key));

    expect(served).toBeGreaterThanOrEqual(PER_SECOND);
    expect(served).toBeLessThanOrEqual(allowed);
    expect(last.headers.get('retry-after')).toBe('1');
    expect(last.headers.get('proxy-status')).toContain('mintonce; error=http_request_denied');
    expect(await last.json()).toMatchObject({ status: 429, code: 'GATEWAY_CALLER_LIMITED' });
    expect(gateway.upstream.seen).toHaveLength(served);
    await waitFor(async () => (await call(gateway, SHOP.key)).status === 200);
  });

  it('hold each caller alone, over all integrations and tokens', async () => {
    const gateway = await start({ limits: { requestsPerSecond: PER_SECOND } });
    const paths = [['/proxy/billing/x'], ['/proxy/crm/x'], ['/token/billing', 'POST']] as const;
    let turn = 0;
    const { served, allowed } = await untilRefused(() => call(gateway, SHOP.key, ...paths[turn++ % paths.length]!));

    expect(served).toBeLessThanOrEqual(allowed);
    expect((await call(gateway, OTHER.key)).status).toBe(200);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
  });

  it('of an integration bind for that one alone', async () => {
    const gateway = await start({}, { limits: { requestsPerSecond: PER_SECOND } });
    await untilRefused(() => call(gateway, SHOP.key));

    expect((await call(gateway, SHOP.key, '/proxy/crm/x')).status).toBe(200);
  });

  it('hold this machine as one caller, without access', async () => {
    const gateway = await start({ access: undefined, limits: { requestsPerSecond: PER_SECOND } });
    const { served, allowed } = await untilRefused(() => fetch(`${gateway.url}/proxy/billing/x`));

    expect(served).toBeLessThanOrEqual(allowed);
  });

  it.each([
    ['of all', { limits: { concurrency: 2 } }, {}],
    ['of an integration', {}, { limits: { concurrency: 2 } }],
  ])('answer 429 to more requests in flight than those %s, until one is answered', async (_, file, more) => {
    const gateway = await start(file, more);
    const answers: (() => void)[] = [];
    gateway.upstream.behave((_request, response) => answers.push(() => response.end('late')));
    const first = [call(gateway, SHOP.key), call(gateway, SHOP.key)];
    await waitFor(() => answers.length === 2);

    const refused = await call(gateway, SHOP.key);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const ofOther = call(gateway, OTHER.key);
    await waitFor(() => answers.length === 3);
    answers.forEach((answer) => answer());
    for (const response of [...first, ofOther]) expect(await (await response).text()).toBe('late');
    gateway.upstream.reset();
    await waitFor(async () => (await call(gateway, SHOP.key)).status === 200);
  });

  it('forget a request whose caller left', async () => {
    const gateway = await start({ limits: { concurrency: 1 } });
    gateway.upstream.behave(() => {});
    const leaving = new AbortController();
    const left = fetch(`${gateway.url}/proxy/billing/x`, {
      headers: { 'x-api-key': SHOP.key },
      signal: leaving.signal,
    }).catch(() => 'left');
    await waitFor(() => gateway.upstream.seen.length === 1);
    leaving.abort();
    expect(await left).toBe('left');
    gateway.upstream.reset();

    await waitFor(async () => (await call(gateway, SHOP.key)).status === 200);
  });

  it('are those of the whole fleet with Redis', async () => {
    const redis = await startRedis();
    try {
      const limits = { requestsPerSecond: PER_SECOND };
      const one = await start({ limits }, {}, { REDIS_URL: redis.url });
      const other = await start({ limits }, {}, { REDIS_URL: redis.url });
      let turn = 0;
      const { served, allowed } = await untilRefused(() => call(turn++ % 2 ? one : other, SHOP.key));

      expect(served).toBeGreaterThanOrEqual(PER_SECOND);
      expect(served).toBeLessThanOrEqual(allowed);
    } finally {
      for (const gateway of gateways.splice(0)) await gateway.stop();
      await redis.stop();
    }
  });

  it('are counted in memory while Redis is away', async () => {
    const env = { REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    const gateway = await start({ limits: { requestsPerSecond: PER_SECOND } }, {}, env);
    const { served, allowed } = await untilRefused(() => call(gateway, SHOP.key));

    expect(served).toBeGreaterThanOrEqual(1);
    expect(served).toBeLessThanOrEqual(allowed);
  });

  it('are divided by the workers where they are counted in memory, and are one at least', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
    const served = async (perSecond: number, workers: number) => {
      const pace = new RequestPace(`${perSecond}/${workers}`, perSecond, { workers });
      for (let count = 0; ; count++) if ((await pace.take('shop')) !== undefined) return count;
    };

    expect(await Promise.all([served(8, 4), served(9, 4), served(1, 4), served(5, 1)])).toEqual([2, 3, 1, 5]);
    now.mockRestore();
  });
});

it.each([
  [{}, 1],
  [{ GATEWAY_WORKERS: '4' }, 1],
  [{ GATEWAY_WORKERS: '4', NODE_APP_INSTANCE: '0' }, 4],
  [{ NODE_APP_INSTANCE: '0' }, 1],
  [{ GATEWAY_WORKERS: 'max', NODE_APP_INSTANCE: '0' }, 1],
])('The number of workers is known from %j: %d', (env, count) => {
  expect(workerCount(env)).toBe(count);
});
