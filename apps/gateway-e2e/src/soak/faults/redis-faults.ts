import { setTimeout as sleep } from 'node:timers/promises';
import { type LastingFault } from '@mintonce/test-support';
import { type Fault } from '../fault.js';

/** None of them has an excuse: valid tokens are served, and without Redis each worker mints for itself. */
export const REDIS_FAULTS: readonly Fault[] = [
  redisFault('Redis frozen (SIGSTOP, SIGCONT)', async ({ fleet }, chance) => {
    fleet.redis?.pause();
    await sleep(chance.whole(1_000, 4_000));
    fleet.redis?.resume();
  }),
  redisFault('Redis killed and started again empty', async ({ fleet, expenses }, chance) => {
    expenses.historiesLost++;
    await fleet.redis?.kill();
    await sleep(chance.whole(0, 3_000));
    await fleet.redis?.restart();
  }),
  redisFault('FLUSHALL', async ({ redis, expenses }) => {
    expenses.historiesLost++;
    await redis((client) => client.flushall());
  }),
  redisFault('SCRIPT FLUSH', async ({ redis }) => {
    await redis((client) => client.script('FLUSH'));
  }),
  redisFault('CLIENT KILL of all connections', async ({ redis }) => {
    await redis(async (client) => {
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    });
  }),
  redisFault('CLIENT KILL of the subscribers', async ({ redis }) => {
    await redis((client) => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
  }),
  redisFault('CLIENT PAUSE', async ({ redis }, chance) => {
    const forMs = chance.whole(800, 3_000);
    await redis((client) => client.call('CLIENT', 'PAUSE', String(forMs), 'ALL'));
    await sleep(forMs);
  }),
  redisFault('DEBUG SLEEP', async ({ redis }, chance) => {
    await redis((client) => client.call('DEBUG', 'SLEEP', String(chance.whole(800, 3_000) / 1_000)));
  }),
  redisFault('Redis full (maxmemory 1, noeviction)', async ({ redis }, chance) => {
    await redis(async (client) => {
      await client.config('SET', 'maxmemory', '1');
      await sleep(chance.whole(2_000, 5_000));
      await client.config('SET', 'maxmemory', '0');
    });
  }),
  redisFault('Redis wants a password that nobody has', async ({ redis }, chance) => {
    await redis(async (client) => {
      await client.config('SET', 'requirepass', 'another');
      // Who is in stays in, so all have to come again.
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await sleep(chance.whole(2_000, 5_000));
      await client.config('SET', 'requirepass', '');
    });
  }),
  redisFault('the way to Redis is slow', suffering({ kind: 'delay', ms: 50, jitterMs: 150 })),
  redisFault('the way to Redis is blocked', suffering({ kind: 'stall' })),
  redisFault('replies of Redis are lost, then the connections', async (rig, chance) => {
    await suffering({ kind: 'eat-replies' })(rig, chance);
    // A reply that came after lost ones would be taken for one of them.
    rig.toRedis?.cut();
  }),
  redisFault('connections to Redis are reset', async ({ toRedis }) => toRedis?.cut()),
  redisFault('connections to Redis are half-open', async ({ toRedis }) => toRedis?.halfOpen()),
];

function redisFault(name: string, inject: Fault['inject']): Fault {
  return { name, store: 'redis', inject };
}

function suffering(fault: LastingFault): Fault['inject'] {
  return async ({ toRedis }, chance) => {
    toRedis?.suffer(fault);
    await sleep(chance.whole(2_000, 5_000));
    await toRedis?.heal();
  };
}
