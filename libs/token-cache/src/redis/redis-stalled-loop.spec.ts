import { randomUUID } from 'node:crypto';

import { type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis, type RedisOptions } from 'ioredis';

import { TokenObserver } from '../core/contract/token-observer.js';
import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { RedisTokenStore } from './redis-token-store.js';

const STORE_TIMEOUT_MS = 500;
const STALL_MS = STORE_TIMEOUT_MS + 100;
const TENANTS = Array.from({ length: 20 }, (_, tenant) => ({ tenant: `${tenant}` }));

/** Keeps the event loop from doing anything else, as a long computation does. */
function block(): void {
  for (const until = performance.now() + STALL_MS; performance.now() < until;);
}

describe('A process whose event loop was blocked for longer than the time limit of the store', () => {
  let server: RedisServer;
  const clients: Redis[] = [];
  const opened: TokenClient[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((tokens) => tokens.close()));
    for (const client of clients.splice(0)) client.disconnect();
  });

  afterAll(() => server?.stop());

  function replica(
    source: FakeTokenSource,
    namespace: string,
    options: RedisOptions = {},
  ): { tokens: TokenClient; failed: string[] } {
    const client = new Redis(server.socketPath, options);
    clients.push(client);
    const tokens = new TokenClient({
      store: new RedisTokenStore(client, { namespace }),
      nearCache: false,
      storeTimeoutMs: STORE_TIMEOUT_MS,
      integrations: { billing: { source } },
    });
    opened.push(tokens);
    const failed: string[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override storeCalled(operation: string, _durationMs: number, hasFailed: boolean): void {
          if (hasFailed) failed.push(operation);
        }
      })(),
    );
    return { tokens, failed };
  }

  it.each<[string, RedisOptions]>([
    ['before its question was sent', { enableAutoPipelining: true }],
    ['as soon as its question was sent', {}],
    ['whose client gives up after the time limit of the store', { commandTimeout: STORE_TIMEOUT_MS }],
    ['whose client gives up sooner than the store', { commandTimeout: STORE_TIMEOUT_MS / 5 }],
  ])('%s is given the tokens that the store holds, and mints none', async (_, options) => {
    const source = new FakeTokenSource();
    const namespace = randomUUID();
    const { tokens: warm } = replica(source, namespace);
    await Promise.all(TENANTS.map((tenant) => warm.getToken('billing', tenant)));
    const minted = source.calls.length;

    const { tokens, failed } = replica(source, namespace, options);
    await tokens.storeAvailable();
    // This runs when all calls of the store have been made.
    process.nextTick(block);
    const asked = TENANTS.map((tenant) => tokens.getToken('billing', tenant));
    await Promise.all(asked);
    expect([source.calls.length - minted, failed]).toEqual([0, []]);
  });
});
