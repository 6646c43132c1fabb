import { randomUUID } from 'node:crypto';

import { type RedisCluster, type RedisServer, startCluster, waitFor } from '@mintonce/test-support';
import { Cluster } from 'ioredis';

import { TokenObservers } from '../core/contract/token-observers.js';
import { systemClock } from '../core/contract/clock.js';
import { GuardedStore } from '../core/store-client/guarded-store.js';
import { RedisNames } from './redis-names.js';
import { RedisTokenStore } from './redis-token-store.js';

const KEY_IDS = Array.from({ length: 300 }, (_, id) => `key-${id}`);

const PATIENT_MS = 5_000;
const IMPATIENT_MS = 200;

describe('A shard of a cluster', () => {
  let cluster: RedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ masters: 3, replicas: 0, args: ['--cluster-require-full-coverage', 'no'] });
    client = new Cluster(cluster.ports.map((port) => ({ host: '127.0.0.1', port })));
    client.on('error', () => {});
  });

  afterAll(async () => {
    client?.disconnect();
    await cluster?.stop();
  });

  it.each([
    ['is silent', async (shard: RedisServer) => shard.pause(), async (shard: RedisServer) => shard.resume()],
    ['is gone', (shard: RedisServer) => shard.kill(), async () => {}],
  ])('that %s makes no key of the others unavailable', async (_, breakDown, mend) => {
    const namespace = randomUUID();
    const store = new RedisTokenStore(client, { namespace });
    const guarded = new GuardedStore(store, systemClock, new TokenObservers());
    const peekAll = (keyIds: readonly string[], timeoutMs: number) =>
      Promise.all(
        keyIds.map((keyId) =>
          guarded
            .call(keyId, 'peek', timeoutMs, (inner) => inner.peek(keyId))
            .then(
              () => 'answered',
              () => 'failed',
            ),
        ),
      );
    await waitFor(async () => (await peekAll(KEY_IDS, PATIENT_MS)).every((outcome) => outcome === 'answered'));
    const [shard] = cluster.servers as [RedisServer];
    const names = new RedisNames(namespace);
    const isOnShard = await Promise.all(
      KEY_IDS.map(async (keyId) => {
        const slot = await cluster.slotOf(names.keys(keyId)[0]);
        return client.slots[slot]?.[0]?.endsWith(`:${shard.port}`);
      }),
    );
    const dead = KEY_IDS.filter((_keyId, index) => isOnShard[index]);
    const healthy = KEY_IDS.filter((_keyId, index) => !isOnShard[index]);
    expect([dead.length > 0, healthy.length > 0]).toEqual([true, true]);

    await breakDown(shard);
    try {
      // One after another, as callers come.
      for (let call = 0; call < 4; call++)
        expect(new Set(await peekAll(dead, IMPATIENT_MS))).toEqual(new Set(['failed']));
      expect(new Set(await peekAll(healthy, IMPATIENT_MS))).toEqual(new Set(['answered']));
    } finally {
      await mend(shard);
      await store.close();
    }
  });
});
