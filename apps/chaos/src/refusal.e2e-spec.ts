import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet, WORKERS } from './fleet.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';

interface Scene {
  redis: RedisServer;
  admin: Redis;
  /** Another server, which is a primary. */
  other: RedisServer;
}

interface Refusal {
  strike: (scene: Scene) => Promise<unknown>;
  heal: (scene: Scene) => Promise<unknown>;
  /** Whether a process that starts during the fault can read the shared token. */
  reads: boolean;
}

const set = (admin: Redis, ...setting: [name: string, value: string]) => admin.config('SET', ...setting);
const dumpFile = ({ redis }: Scene): string => join(dirname(redis.socketPath), 'dump.rdb');
const dropClients = ({ admin }: Scene) =>
  Promise.all(['normal', 'pubsub'].map((type) => admin.call('CLIENT', 'KILL', 'TYPE', type)));

const REFUSALS: Record<string, Refusal> = {
  'is full (OOM, noeviction)': {
    strike: async ({ admin }) => {
      await set(admin, 'maxmemory-policy', 'noeviction');
      await set(admin, 'maxmemory', '1');
    },
    heal: ({ admin }) => set(admin, 'maxmemory', '0'),
    reads: true,
  },
  'cannot save (MISCONF)': {
    strike: async (scene) => {
      mkdirSync(dumpFile(scene));
      await set(scene.admin, 'save', '3600 1');
      await scene.admin.bgsave();
      await waitFor(async () => (await scene.admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
    },
    heal: async (scene) => {
      rmSync(dumpFile(scene), { recursive: true });
      await set(scene.admin, 'save', '');
    },
    reads: true,
  },
  'has too few replicas (NOREPLICAS)': {
    strike: ({ admin }) => set(admin, 'min-replicas-to-write', '3'),
    heal: ({ admin }) => set(admin, 'min-replicas-to-write', '0'),
    reads: true,
  },
  'has become a replica (READONLY)': {
    strike: async ({ redis, admin, other }) => {
      const primary = new Redis(other.url);
      await primary.replicaof('127.0.0.1', redis.port);
      await waitFor(async () => (await primary.info('replication')).includes('master_link_status:up'));
      await primary.replicaof('NO', 'ONE');
      await admin.replicaof('127.0.0.1', other.port);
      await waitFor(async () => (await admin.info('replication')).includes('master_link_status:up'));
      primary.disconnect();
    },
    heal: ({ admin }) => admin.replicaof('NO', 'ONE'),
    reads: true,
  },
  'wants a password that nobody has (NOAUTH)': {
    strike: async (scene) => {
      await set(scene.admin, 'requirepass', 'nobody-knows-this');
      await dropClients(scene);
    },
    heal: ({ admin }) => set(admin, 'requirepass', ''),
    reads: false,
  },
  'is loading its data (LOADING)': {
    strike: async ({ admin }) => {
      await admin.call('DEBUG', 'POPULATE', '20000', 'filler');
      await set(admin, 'key-load-delay', '100');
      admin.call('DEBUG', 'RELOAD', 'NOFLUSH', 'MERGE').catch(() => undefined);
    },
    heal: async ({ admin }) => {
      await waitFor(async () => (await admin.ping()) === 'PONG');
      await set(admin, 'key-load-delay', '0');
    },
    reads: false,
  },
  'is busy with a script (BUSY)': {
    strike: async ({ admin, redis }) => {
      await set(admin, 'busy-reply-threshold', '100');
      const looping = new Redis(redis.url);
      looping.eval('while true do end', 0).catch(() => looping.disconnect());
      await waitFor(async () => (await admin.ping().catch((error: Error) => error.message)).startsWith('BUSY'));
    },
    heal: ({ admin }) => admin.script('KILL'),
    reads: false,
  },
  'takes no more clients (maxclients 1)': {
    strike: async (scene) => {
      await set(scene.admin, 'maxclients', '1');
      await dropClients(scene);
    },
    heal: ({ admin }) => set(admin, 'maxclients', '1000'),
    reads: false,
  },
};

describe('Eight processes whose Redis', () => {
  let running: RedisFleet;
  let fleet: Fleet;
  let other: RedisServer;

  beforeAll(async () => {
    // Redis serves clients more often while it loads data than by default, which is once in 2 MB.
    const args = ['--loading-process-events-interval-bytes', '1024'];
    running = await startRedisFleet({ args, options: { nearCache: false } });
    ({ fleet } = running);
    other = await startRedis();
  });

  afterAll(async () => {
    await other?.stop();
    await running?.stop();
  });

  it.each(Object.entries(REFUSALS))(
    '%s serve the token in hand, mint one each at most of a new key, and recover by themselves',
    async (name, { strike, heal, reads }) => {
      const scene = { ...running, other };
      const known = await fleet.trial();
      const unknown = await fleet.trial();
      await known.burst(2);
      await known.load(50);
      await strike(scene);
      const newcomer = fleet.worker('w7');
      if (reads) {
        await newcomer.stop();
        await newcomer.start();
        await known.burst(5, [newcomer]);
      }
      await unknown.burst(10);
      await known.served(5, fleet.workers.slice(0, 7));
      await heal(scene);
      const recoveryMs = await fleet.untilStoreIsBack();
      await known.served(5, fleet.workers.slice(0, 7));
      await expectPromises(known, {
        promises: [2, 3, 6],
        fault: `Redis ${name}: the token in hand${reads ? ', and for a process that starts meanwhile' : ''}`,
        mints: 1,
        recoveryMs,
      });
      await expectPromises(unknown, {
        promises: [2, 6],
        fault: `Redis ${name}: a key that nobody has a token for`,
        mints: { atMost: WORKERS },
        overlapping: WORKERS,
        recoveryMs,
      });
    },
  );

  it('evicts the lease during a mint (allkeys-lru) serve every caller with one more mint at most', async () => {
    const { admin } = running;
    const trial = await fleet.trial();
    const { served, release } = await trial.midMint();
    await set(admin, 'maxmemory-policy', 'allkeys-lru');
    await set(admin, 'maxmemory', '1');
    await waitFor(async () => (await admin.keys('mintonce:*:l')).length === 0);
    await set(admin, 'maxmemory', '0');
    release();
    await served;
    await expectPromises(trial, {
      promises: [1, 2, 5],
      fault: 'allkeys-lru evicts the lease in mid-mint',
      mints: { atMost: 2 },
      overlapping: 2,
    });
  });

  it('evicts the token (allkeys-lru) share the token in hand again, and mint nothing', async () => {
    const { admin } = running;
    const trial = await fleet.trial();
    await trial.burst(2);
    await trial.load(50);
    await set(admin, 'maxmemory-policy', 'allkeys-lru');
    await set(admin, 'maxmemory', '1');
    await trial.served(5);
    await set(admin, 'maxmemory', '0');
    await fleet.untilStoreIsBack();
    await trial.served(5);
    await expectPromises(trial, { promises: [2, 3, 6], fault: 'allkeys-lru evicts the token under load', mints: 1 });
  });
});
