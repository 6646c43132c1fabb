import { FakeClock } from '../../testing/fake-clock.js';
import { KnownCooldowns } from './known-cooldowns.js';

const KEY = { id: 'key', group: 'group' };

describe('A cool-down that the store told of', () => {
  let clock: FakeClock;
  let cooldowns: KnownCooldowns;

  beforeEach(() => {
    clock = new FakeClock();
    cooldowns = new KnownCooldowns(clock, true);
  });

  it.each([
    ['at once', 60_000, 0, 60_000],
    ['with what is left of it', 60_000, 250, 59_750],
    ['with whole ms that are no fewer than what is left', 60_000, 250.4, 59_750],
    ['until a second has passed', 60_000, 999, 59_001],
    ['until its last ms', 400, 399, 1],
  ])('is known %s', async (_when, remainingMs, elapsedMs, leftMs) => {
    cooldowns.learn(KEY, { remainingMs, error: 'busy' });
    await clock.advance(elapsedMs);
    expect(cooldowns.recent('key')).toEqual({ remainingMs: leftMs, error: 'busy' });
  });

  it.each([
    ['a second has passed', 60_000, 1_000],
    ['it is over', 400, 400],
  ])('is asked of the store again once %s', async (_when, remainingMs, elapsedMs) => {
    cooldowns.learn(KEY, { remainingMs, error: 'busy' });
    await clock.advance(elapsedMs);
    expect(cooldowns.recent('key')).toBeUndefined();
  });

  it('is asked of the store again after the machine slept: what happened meanwhile is unknown', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
    clock.moveWall(1_000);
    expect(cooldowns.recent('key')).toBeUndefined();
  });

  it('of a caller that needs a token for long says nothing to those who do not, and is forgotten with all others', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' }, { minLifeMs: 600_000 });
    expect(cooldowns.recent('key')).toBeUndefined();
    expect(cooldowns.recent('key', { minLifeMs: 1 })).toEqual({ remainingMs: 60_000, error: 'busy' });
    expect(cooldowns.recent('another', { minLifeMs: 1 })).toBeUndefined();
    cooldowns.notice({ type: 'stored', keyId: 'key', fence: 1 });
    expect(cooldowns.recent('key', { minLifeMs: 1 })).toBeUndefined();
  });

  it('of a caller that was refused a token besides says nothing to those who were not, who may be given that one', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' }, { minLifeMs: 600_000, refusedGeneration: 7 });
    expect(cooldowns.recent('key', { minLifeMs: 600_000 })).toBeUndefined();
  });

  it('binds who needs a token for long as well as all others', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
    expect(cooldowns.recent('key', { minLifeMs: 600_000 })).toEqual({ remainingMs: 60_000, error: 'busy' });
  });

  it('is known for another second each time that the store tells of it', async () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
    await clock.advance(900);
    cooldowns.learn(KEY, { remainingMs: 59_100, error: 'busy' });
    await clock.advance(900);
    expect(cooldowns.recent('key')).toEqual({ remainingMs: 58_200, error: 'busy' });
  });

  it('keeps the name of the process that it binds', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'no', process: 'p' });
    expect(cooldowns.recent('key')).toMatchObject({ process: 'p' });
  });

  it('is forgotten for its key alone', () => {
    for (const key of ['a', 'b']) cooldowns.learn({ id: key, group: 'group' }, { remainingMs: 60_000, error: key });
    cooldowns.notice({ type: 'stored', keyId: 'a', fence: 1 });
    expect(cooldowns.recent('a')).toBeUndefined();
    expect(cooldowns.recent('b')).toMatchObject({ error: 'b' });
  });

  it('is forgotten for the keys of a group that was purged, and for no others', () => {
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
    cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' }, { minLifeMs: 600_000 });
    cooldowns.learn({ id: 'other', group: 'other' }, { remainingMs: 60_000, error: 'busy' });
    cooldowns.notice({ type: 'purged-group', group: 'group', fence: 1 });
    expect(cooldowns.recent('key', { minLifeMs: 1 })).toBeUndefined();
    expect(cooldowns.recent('other')).toBeDefined();
  });

  it('is not known of a key that the store said nothing of', () => {
    expect(cooldowns.recent('key')).toBeUndefined();
  });

  it('is asked each time of a store without events, where another process may have purged it unheard', () => {
    const unheard = new KnownCooldowns(clock, false);
    unheard.learn(KEY, { remainingMs: 60_000, error: 'busy' });
    expect(unheard.recent('key')).toBeUndefined();
  });

  describe('binds a mint that cannot ask the store', () => {
    it.each([true, false])(
      'however long ago the store told of it, until its end (a store with events: %s)',
      async (hasEvents) => {
        cooldowns = new KnownCooldowns(clock, hasEvents);
        cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
        await clock.advance(59_999);
        expect(cooldowns.last('key')).toEqual({ remainingMs: 1, error: 'busy' });
        await clock.advance(1);
        expect(cooldowns.last('key')).toBeUndefined();
      },
    );

    it('unless this process had a token since', async () => {
      cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' });
      expect(cooldowns.last('key', clock.monotonic())).toBeDefined();
      await clock.advance(1);
      expect(cooldowns.last('key', clock.monotonic())).toBeUndefined();
    });

    it('but not where only a caller was told that needs a token for long', () => {
      cooldowns.learn(KEY, { remainingMs: 60_000, error: 'busy' }, { minLifeMs: 600_000 });
      expect(cooldowns.last('key')).toBeUndefined();
    });

    it('also after the late event of its own failure, where the store told of it once more before', () => {
      cooldowns.begin(KEY, { remainingMs: 60_000, error: 'busy' }, 7);
      cooldowns.learn(KEY, { remainingMs: 59_000, error: 'busy' });
      cooldowns.notice({ type: 'failed', keyId: 'key', fence: 7 });
      expect(cooldowns.last('key')).toEqual({ remainingMs: 59_000, error: 'busy' });
    });

    it.each([
      ['also after the event of the failure by which this process began it', 'failed', 7, true],
      ['until another process fails', 'failed', 8, false],
      ['until a token is stored under the same fence', 'stored', 7, false],
    ] as const)('%s', (_when, type, fence, isKnown) => {
      cooldowns.begin(KEY, { remainingMs: 60_000, error: 'busy' }, 7);
      cooldowns.notice({ type, keyId: 'key', fence });
      expect(cooldowns.last('key') !== undefined).toBe(isKnown);
    });
  });
});
