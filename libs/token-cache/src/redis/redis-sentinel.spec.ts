import { randomUUID } from 'node:crypto';

import { type RedisSentinel, startSentinel, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { nameIn } from './name-in-event.spec-support.js';
import { RedisTokenStore } from './redis-token-store.js';

describe('RedisTokenStore behind Sentinel', () => {
  let rig: RedisSentinel;
  let client: Redis;

  beforeAll(async () => {
    rig = await startSentinel();
    const sentinels = rig.ports.map((port) => ({ host: '127.0.0.1', port }));
    client = new Redis({ sentinels, name: rig.name, sentinelRetryStrategy: () => 50 });
    client.on('error', () => {});
  });

  afterAll(async () => {
    client?.disconnect();
    await rig?.stop();
  });

  it('receives events while the first Sentinel does not answer', async () => {
    const [first] = rig.sentinels;
    first?.pause();
    const store = new RedisTokenStore(client);
    let up = false;
    store.events.subscribe({ event: () => {}, up: () => (up = true), down: () => {} });
    try {
      await waitFor(() => up);
    } finally {
      await store.close();
      await rig.recover();
    }
  });

  it('keeps its tokens, and receives events, through a failover', async () => {
    const store = new RedisTokenStore(client);
    const told: string[] = [];
    store.events.subscribe({
      event: (event) => told.push(nameIn(event)),
      up: () => told.push('up'),
      down: () => told.push('down'),
    });
    try {
      await waitFor(() => told.length === 1);
      const answer = await store.acquire('key', { nonce: randomUUID(), leaseMs: 60_000, minTtlMs: 0 });
      if (answer.outcome !== 'lease') throw new Error(answer.outcome);
      await store.commit('key', answer.lease, 'payload', 60_000);
      await rig.replicated();

      await rig.failover();
      await waitFor(() => told.at(-1) === 'up' && told.length >= 3);

      await waitFor(async () => (await store.peek('key')).token?.payload === 'payload');
      await waitFor(async () => {
        await store.purge('another key');
        return told.includes('another key');
      });
    } finally {
      await store.close();
    }
  });
});
