import { expectPromises } from './expect-promises.spec-support.js';
import { type RedisFleet, startRedisFleet } from './redis-fleet.js';

jest.setTimeout(60_000);

describe('A fleet of eight processes on one Redis', () => {
  let redisFleet: RedisFleet;
  beforeAll(async () => (redisFleet = await startRedisFleet()));
  afterAll(() => redisFleet?.stop());

  it('mints one token for a thousand cold callers', async () => {
    const trial = await redisFleet.fleet.trial();
    await trial.burst(125);
    const { answers } = await expectPromises(trial, {
      promises: [1, 2],
      fault: 'none: a thousand cold callers at once',
      mints: 1,
    });
    expect(answers).toBe(1_000);
  });
});
