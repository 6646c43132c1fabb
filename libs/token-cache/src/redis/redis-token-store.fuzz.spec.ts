import { randomUUID } from 'node:crypto';

import { type RedisServer, startRedis } from '@mintonce/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';

import { type Clock, systemClock } from '../lib/clock.js';
import { MemoryTokenStore } from '../lib/memory-token-store.js';
import { type Lease, type TokenStore } from '../lib/token-store.js';
import { RedisTokenStore } from './redis-token-store.js';

/**
 * Random histories of one key, sent to the scripts and to the memory store: both must answer alike. On top of that, what the
 * protocol promises is checked by itself, in case both are wrong in the same way. Every time is a multiple of a step that is
 * long against a run, so that the real time that passes changes no answer.
 */
const STEP_MS = 100_000;
const KEY = 'key';
const PROCESSES = ['a', 'b', 'c'] as const;

const steps = (max: number) => fc.integer({ min: 1, max }).map((n) => n * STEP_MS);
const who = fc.constantFrom(...PROCESSES);
/** Which of the leases that were granted so far: the last, or one of the stale ones. */
const which = fc.nat({ max: 3 });
const times = fc.constantFrom(1, 1, 1, 2);

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      who,
      reuse: fc.boolean(),
      leaseMs: steps(3),
      needMs: fc.constantFrom(0, 0, STEP_MS, 9 * STEP_MS),
      times,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), which, ttlMs: steps(6), times }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), which, leaseMs: steps(3), times }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      which,
      cooldownMs: fc.constantFrom(0, STEP_MS, 2 * STEP_MS),
      times,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invalidate' as const), which, times }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: steps(3) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.socketPath);
});

afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

it('answers any history as the memory store does, and keeps every promise of the protocol', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40, size: 'max' }), async (operations) => {
      const history = new History();
      for (const next of operations) await history.run(next);
    }),
    { numRuns: 200, interruptAfterTimeLimit: 20_000 },
  );
}, 60_000);

interface TwinLease {
  readonly redis: Lease;
  readonly memory: Lease;
}

/** One key in both stores. */
class History {
  readonly #namespace = randomUUID();
  readonly #redis = new RedisTokenStore(client, { namespace: this.#namespace });
  readonly #clock = { ms: 0 };
  readonly #memory = new MemoryTokenStore({ clock: clockAt(this.#clock) });
  /** The same lease in both stores; they number it differently. */
  readonly #leases: TwinLease[] = [];
  #published = 0;
  #voidBelow = 0;
  #nonces = new Map<string, string>();

  async run(next: Operation): Promise<void> {
    if (next.do === 'pass') return this.#pass(next.ms);
    for (let i = 0; i < ('times' in next ? next.times : 1); i++) {
      if (next.do === 'acquire') await this.#acquire(next, i > 0);
      else if (next.do === 'purge') await this.#purge();
      else await this.#onLease(next, i > 0);
    }
    expect(await this.#peek(this.#redis)).toEqual(await this.#peek(this.#memory));
  }

  async #acquire(
    { who, leaseMs, needMs, reuse }: Extract<Operation, { do: 'acquire' }>,
    again: boolean,
  ): Promise<void> {
    const nonce = ((again || reuse) && this.#nonces.get(who)) || randomUUID();
    this.#nonces.set(who, nonce);
    const attempt = { nonce, leaseMs, needMs };
    const [redis, memory] = [await this.#redis.acquire(KEY, attempt), await this.#memory.acquire(KEY, attempt)];
    if (redis.outcome === 'lease' && memory.outcome === 'lease') {
      const last = this.#leases.at(-1);
      if (last?.memory.fence === memory.lease.fence) {
        expect(redis.lease).toEqual({ ...last.redis, leaseMs });
      } else {
        expect(redis.lease.fence).toBeGreaterThan(last?.redis.fence ?? 0);
        this.#leases.push({ redis: redis.lease, memory: memory.lease });
      }
      const told = ({ reason, failures, token }: typeof redis) => [reason, failures, token?.payload];
      expect(told(redis)).toEqual(told(memory));
    } else {
      expect(redis.outcome).toBe(memory.outcome);
    }
    if (redis.outcome === 'hit') expect(redis.token.ttlMs).toBeGreaterThan(0);
  }

  async #purge(): Promise<void> {
    await Promise.all([this.#redis.purge(KEY), this.#memory.purge(KEY)]);
    this.#voidBelow = this.#leases.length;
  }

  async #onLease(next: Exclude<Operation, { do: 'acquire' | 'purge' | 'pass' }>, again: boolean): Promise<void> {
    const index = Math.max(this.#leases.length - 1 - next.which, 0);
    const lease = this.#leases[index];
    if (!lease) return;
    const { redis, memory } = lease;
    switch (next.do) {
      case 'renew': {
        const leaseMs = next.leaseMs;
        const renewed = await this.#redis.renew(KEY, { ...redis, leaseMs });
        expect(renewed).toBe(await this.#memory.renew(KEY, { ...memory, leaseMs }));
        if (renewed) expect(index).toBe(this.#leases.length - 1);
        return;
      }
      case 'fail': {
        const cooldown = next.cooldownMs ? { remainingMs: next.cooldownMs, error: `error ${index}` } : undefined;
        await this.#redis.fail(KEY, redis, cooldown);
        return this.#memory.fail(KEY, memory, cooldown);
      }
      case 'invalidate': {
        const deleted = await this.#redis.invalidate(KEY, redis.fence);
        expect(deleted).toBe(await this.#memory.invalidate(KEY, memory.fence));
        if (again) expect(deleted).toBe(false);
        return;
      }
      case 'commit':
        return this.#commit(lease, index, next.ttlMs, again);
    }
  }

  async #commit({ redis, memory }: TwinLease, index: number, ttlMs: number, again: boolean): Promise<void> {
    const before = await this.#redis.peek(KEY);
    const committed = await this.#redis.commit(KEY, redis, `token ${index}`, ttlMs);
    const expected = await this.#memory.commit(KEY, memory, `token ${index}`, ttlMs);
    const after = await this.#redis.peek(KEY);
    expect(committed.outcome).toBe(expected.outcome);
    if (committed.outcome === 'stored') {
      expect(again).toBe(false);
      expect(index).toBe(this.#leases.length - 1);
      expect(index).toBeGreaterThanOrEqual(this.#voidBelow);
      expect(redis.fence).toBeGreaterThan(this.#published);
      this.#published = redis.fence;
      return;
    }
    expect(after.token?.fence).toBe(before.token?.fence);
    expect(after.token?.payload).toBe(before.token?.payload);
    expect(after.token?.ttlMs ?? 0).toBeLessThanOrEqual(before.token?.ttlMs ?? 0);
    if (committed.outcome === 'superseded' && committed.token)
      expect(committed.token.fence).toBeGreaterThan(redis.fence);
  }

  /** Moves both clocks: the server's own cannot be set, so everything that has an end is brought nearer. */
  async #pass(ms: number): Promise<void> {
    this.#clock.ms += ms;
    for (const key of await client.keys(`${this.#namespace}:*`)) {
      const ttlMs = await client.pttl(key);
      await client.pexpire(key, Math.max(ttlMs - ms, 0));
      if (!key.endsWith(':l')) continue;
      for (const field of ['leaseEndsAt', 'coolEndsAt']) {
        if (await client.hexists(key, field)) await client.hincrby(key, field, -ms);
      }
    }
  }

  /** What both must agree on: everything but the numbers of fences and the exact time left. */
  async #peek(store: TokenStore): Promise<unknown> {
    const { token, cooldown } = await store.peek(KEY);
    const stepsLeft = (ms = 0) => Math.ceil(ms / STEP_MS);
    return {
      payload: token?.payload,
      ttl: stepsLeft(token?.ttlMs),
      error: cooldown?.error,
      cooling: stepsLeft(cooldown?.remainingMs),
    };
  }
}

function clockAt(time: { ms: number }): Clock {
  const epoch = Date.now();
  return { ...systemClock, now: () => epoch + time.ms, monotonic: () => time.ms };
}
