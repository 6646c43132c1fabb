import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet } from './fleet.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';

/** The library's default. */
const STORE_TIMEOUT_MS = 500;

type Act = (scene: RedisFleet) => Promise<unknown>;

const OUTAGES: [fault: string, strike: Act, heal: Act][] = [
  ['closed', ({ redis }) => redis.kill(), ({ redis }) => redis.restart()],
  ['silent', async ({ redis }) => redis.pause(), async ({ redis }) => redis.resume()],
  ['full', ({ admin }) => admin.config('SET', 'maxmemory', '1'), ({ admin }) => admin.config('SET', 'maxmemory', '0')],
];

describe("Eight processes with the policy whenStoreUnavailable: 'fail'", () => {
  let running: RedisFleet;
  let fleet: Fleet;

  beforeAll(async () => {
    running = await startRedisFleet({ options: { whenStoreUnavailable: 'fail', nearCache: false } });
    ({ fleet } = running);
  });

  afterAll(() => running?.stop());

  it.each(OUTAGES)(
    'serve the token in hand while Redis is %s, and reject calls for a new key with TokenStoreUnavailableError',
    async (fault, strike, heal) => {
      const known = await fleet.trial();
      const unknown = await fleet.trial();
      await known.burst(10);
      await strike(running);
      await known.burst(10);
      await unknown.burst(10);
      const refused = unknown.answers;
      const slowestMs = Math.max(known.slowestMs, unknown.slowestMs);
      const heldUpMs = await fleet.heldUpMs();
      expect(unknown.calls).toEqual([]);
      await heal(running);
      const recoveryMs = await fleet.untilStoreIsBack();
      await unknown.burst(10);
      await expectPromises(known, {
        promises: [3, 6],
        fault: `Redis is ${fault}, policy fail: the token in hand`,
        mints: 1,
      });
      await expectPromises(unknown, {
        promises: [2, 6],
        fault: `Redis is ${fault}, policy fail: a key that nobody has a token for`,
        mints: 1,
        errors: ['TOKEN_STORE_UNAVAILABLE'],
        recoveryMs,
        seen: `no caller waited for longer than ${Math.round(slowestMs)} ms`,
      });
      expect(refused.map(({ error }) => error?.code)).toEqual(refused.map(() => 'TOKEN_STORE_UNAVAILABLE'));
      expect(slowestMs).toBeLessThanOrEqual(STORE_TIMEOUT_MS + heldUpMs);
    },
  );
});
