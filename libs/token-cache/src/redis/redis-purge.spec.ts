import { randomUUID } from 'node:crypto';

import { type FaultProxy, faultProxy, type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { RedisTokenStore } from './redis-token-store.js';

const STORE_TIMEOUT_MS = 500;
/** In which the client of the gateway finds that its connection is dead. */
const SILENCE_MS = 3 * STORE_TIMEOUT_MS;

describe('A purge, whose caller knows of a leak, is done at the first try', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let client: Redis;
  let tokens: TokenClient;

  beforeAll(async () => {
    server = await startRedis();
  });

  beforeEach(async () => {
    proxy = await faultProxy({ target: server });
    client = new Redis(proxy.port, { retryStrategy: () => 20, commandTimeout: SILENCE_MS });
    client.on('error', () => {});
    tokens = new TokenClient({
      store: new RedisTokenStore(client, { namespace: randomUUID() }),
      storeTimeoutMs: STORE_TIMEOUT_MS,
      whenStoreUnavailable: 'fail',
      integrations: { billing: { source: new FakeTokenSource() } },
    });
    await tokens.getToken('billing');
  });

  afterEach(async () => {
    client.disconnect();
    await tokens.close();
    proxy.stop();
  });

  afterAll(() => server?.stop());

  const state = async () => (await tokens.status('billing')).state;

  /** Until the store is not asked any more. */
  async function lookUpInVain(): Promise<void> {
    let tenant = 0;
    await waitFor(async () => {
      const error: unknown = await tokens
        .getToken('billing', { tenant: `${tenant++}` })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'TOKEN_STORE_UNAVAILABLE' });
      return ((error as Error).cause as Error).message === 'the store did not answer a moment ago and is not asked';
    });
  }

  it('as soon as Redis answers again, although no look-up is made yet', async () => {
    proxy.suffer({ kind: 'stall' });
    await lookUpInVain();
    await proxy.heal();
    await tokens.purge('billing');
    expect(await state()).toBe('missing');
  });

  it('also on a way to Redis that is fast enough for a look-up, and too slow for two in the same time', async () => {
    proxy.suffer({ kind: 'delay', ms: 0.3 * STORE_TIMEOUT_MS });
    await tokens.purge('billing');
    await proxy.heal();
    expect(await state()).toBe('missing');
  });

  it('also on a connection that is dead without a sign, once the client has another', async () => {
    proxy.halfOpen();
    const dead = client.stream;
    const purged = tokens.purge('billing');
    // As a client does that beats.
    await client.ping().catch(() => dead.destroy());
    await purged;
    expect(await state()).toBe('missing');
  });
});
