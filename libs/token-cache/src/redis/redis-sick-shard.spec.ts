import { randomUUID } from 'node:crypto';

import { NEVER } from '../testing/fleet.spec-support.js';
import { type RedisCluster, type RedisServer, startCluster, waitFor } from '@mintonce/test-support';
import { Cluster, Redis } from 'ioredis';

import { keyIdIn } from '../core/contract/key-group.js';
import { TokenObservers } from '../core/contract/token-observers.js';
import { systemClock } from '../core/contract/clock.js';
import { GuardedStore } from '../core/store-client/guarded-store.js';
import { RedisNames } from './redis-names.js';
import { RedisTokenStore } from './redis-token-store.js';

const GROUP = 'sick-sharded';
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

  it('that is silent keeps a purge of all keys from the keys of no other, nor from being heard', async () => {
    const namespace = randomUUID();
    const store = new RedisTokenStore(client, { namespace });
    const [shard, other] = cluster.servers as [RedisServer, RedisServer];
    const keyIds = KEY_IDS.map((id) => keyIdIn(GROUP, id));
    const tokens = async (patienceMs = PATIENT_MS) => {
      let patience: NodeJS.Timeout | undefined;
      const silence = new Promise<void>((resolve) => (patience = setTimeout(resolve, patienceMs)));
      const peeked = await Promise.all(keyIds.map((keyId) => Promise.race([store.peek(keyId), silence])));
      clearTimeout(patience);
      return peeked.filter((one) => one && one.token !== undefined).length;
    };
    await Promise.all(keyIds.map((keyId, fence) => store.offer(keyId, fence + 1, 'payload', 60_000)));
    expect(await tokens()).toBe(KEY_IDS.length);
    const heard: string[] = [];
    const subscriber = new Redis(other.port);
    subscriber.on('message', (_channel, message: string) => heard.push(message));
    await subscriber.subscribe(`${namespace}:events`);
    shard.pause();
    try {
      await expect(store.purgeGroup(GROUP, 2_000)).rejects.toThrow(/reached all but \d+ of the 64 parts.*repeat it/);
      expect(await tokens(2_000)).toBe(0);
      await waitFor(() => heard.length > 0);
      expect(heard).toEqual([expect.stringMatching(`^purged-group \\d+ ${GROUP}$`)]);
    } finally {
      shard.resume();
      subscriber.disconnect();
    }
    await waitFor(async () => (await tokens()) > 0);
    await waitFor(() =>
      store.purgeGroup(GROUP, PATIENT_MS).then(
        () => true,
        () => false,
      ),
    );
    expect(await tokens()).toBe(0);
    await store.close();
  });

  it.each([
    ['is silent', async (shard: RedisServer) => shard.pause(), async (shard: RedisServer) => shard.resume()],
    ['is gone', (shard: RedisServer) => shard.kill(), async () => {}],
  ])('that %s makes no key of the others unavailable', async (_, breakDown, mend) => {
    const namespace = randomUUID();
    const store = new RedisTokenStore(client, { namespace });
    const guarded = new GuardedStore(store, systemClock, new TokenObservers(), NEVER);
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
