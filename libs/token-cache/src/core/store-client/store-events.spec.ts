import { type HeardEvent } from '../contract/heard-event.js';
import { inspect } from 'node:util';
import { FakeClock } from '../../testing/fake-clock.js';
import { type TokenKeyEvent, type TokenStoreEvents, type TokenStoreListener } from '../contract/token-store.js';
import { type KeyWatch } from './key-watch.js';
import { Looks } from './looks.js';
import { StoreEvents } from './store-events.js';

const ID = 'key';
const GROUP = 'group';
const KEY = { id: ID, group: GROUP };
const LEASE_MS = 3_000;

/** A channel of events that the test speaks on. */
class Channel implements TokenStoreEvents {
  listener?: TokenStoreListener;

  subscribe(listener: TokenStoreListener): () => void {
    this.listener = listener;
    return () => delete this.listener;
  }

  say(type: TokenKeyEvent['type'], fence = 7, keyId = ID): void {
    this.listener?.event({ type, keyId, fence });
  }

  sayGroupIsPurged(group: string, fence = 7): void {
    this.listener?.event({ type: 'purged-group', group, fence });
  }
}

describe('StoreEvents', () => {
  let clock: FakeClock;
  let channel: Channel;
  let heard: HeardEvent[];
  let storeEvents: StoreEvents;

  beforeEach(() => {
    clock = new FakeClock();
    channel = new Channel();
    heard = [];
    storeEvents = new StoreEvents(
      clock,
      () => 0.5,
      channel,
      new Looks(clock, undefined),
      (event) => heard.push(event),
    );
    channel.listener?.up();
  });

  /** After how many ms a watch that waits for a lease is awake. */
  async function sleepOf(watch: KeyWatch, leaseEndsInMs = LEASE_MS): Promise<number> {
    const from = clock.monotonic();
    let at: number | undefined;
    void watch.wait({ askedAt: from, leaseEndsInMs }).then(() => (at = clock.monotonic()));
    await clock.advance(10 * LEASE_MS);
    return (at ?? NaN) - from;
  }

  /** Whether a watch wakes without any time passing. */
  async function wakes(watch: KeyWatch, event: () => void): Promise<boolean> {
    let isAwake = false;
    void watch.wait({ askedAt: 0, leaseEndsInMs: LEASE_MS }).then(() => (isAwake = true));
    await clock.advance(0);
    event();
    await clock.advance(0);
    return isAwake;
  }

  it('knows since when events arrive', async () => {
    channel.listener?.down();
    expect([storeEvents.isInterrupted, storeEvents.hasHeardSince(Infinity)]).toEqual([true, false]);
    await clock.advance(500);
    channel.listener?.up();
    expect(storeEvents.isInterrupted).toBe(false);
    expect([499, 500].map((at) => storeEvents.hasHeardSince(at))).toEqual([false, true]);
  });

  it('keeps nothing of a key that is watched no more', () => {
    const [one, two] = [storeEvents.watch(KEY), storeEvents.watch(KEY)];
    one.close();
    expect(inspect(storeEvents)).toContain(`'${ID}'`);
    two.close();
    two.close();
    expect(inspect(storeEvents)).not.toContain(`'${ID}'`);
  });

  it('has no channel without events', () => {
    const silent = new StoreEvents(
      clock,
      () => 0,
      undefined,
      new Looks(clock, undefined),
      () => {},
    );
    expect(silent.isInterrupted).toBe(true);
    expect(() => silent.close()).not.toThrow();
  });

  it.each(['stored', 'failed', 'invalidated', 'purged'] as const)('tells the process that a key was %s', (type) => {
    channel.say(type);
    expect(heard).toEqual([{ type, keyId: ID, fence: 7 }]);
  });

  describe('KeyWatch', () => {
    it.each(['stored', 'failed', 'invalidated', 'purged'] as const)('wakes when its key was %s', async (type) => {
      expect(await wakes(storeEvents.watch(KEY), () => channel.say(type))).toBe(true);
    });

    it.each([
      ['another key has news', () => channel.say('stored', 7, 'another')],
      ['it was closed', (watch: KeyWatch) => (watch.close(), channel.say('stored'))],
    ])('sleeps on when %s', async (_what, event) => {
      const watch = storeEvents.watch(KEY);
      expect(await wakes(watch, () => event(watch))).toBe(false);
    });

    it.each([
      ['goes down', () => channel.listener?.down()],
      ['comes up', () => channel.listener?.up()],
    ])('wakes when the channel %s, since events may have been missed', async (_what, event) => {
      expect(await wakes(storeEvents.watch(KEY), event)).toBe(true);
    });

    it('wakes with all others of its key, each by itself', async () => {
      const [one, two] = [storeEvents.watch(KEY), storeEvents.watch(KEY)];
      expect(await Promise.all([wakes(one, () => channel.say('stored')), wakes(two, () => {})])).toEqual([true, true]);
      one.close();
      expect(await wakes(two, () => channel.say('stored'))).toBe(true);
    });

    it('does not sleep when the event came before it began to wait, but does so the next time', async () => {
      const watch = storeEvents.watch(KEY);
      channel.say('stored');
      expect(await sleepOf(watch)).toBe(0);
      expect(await sleepOf(watch)).toBe(LEASE_MS + 25);
    });

    it('wakes at the end of the lease, with a little jitter, when nothing was said', async () => {
      expect(await sleepOf(storeEvents.watch(KEY))).toBe(LEASE_MS + 25);
    });

    it('looks again ever more slowly while the channel is down, and at the end of the lease', async () => {
      channel.listener?.down();
      const watch = storeEvents.watch(KEY);
      const sleeps: number[] = [];
      for (let times = 0; times < 7; times++) sleeps.push(await sleepOf(watch));
      expect(sleeps).toEqual([50, 100, 150, 200, 250, 250, 250]);
      expect(await sleepOf(watch, 100)).toBe(125);
    });

    it.each(['invalidated', 'purged'] as const)(
      'knows up to which generation tokens were %s while it watched',
      (type) => {
        const watch = storeEvents.watch(KEY);
        for (const fence of [4, 5, 3]) channel.say(type, fence);
        expect([1, 5, 6].map((fence) => watch.hasVoided(fence))).toEqual([true, true, false]);
      },
    );

    it('tells a purge from a rejection', () => {
      const watch = storeEvents.watch(KEY);
      channel.say('invalidated', 9);
      expect([watch.hasVoided(9), watch.hasPurged(9)]).toEqual([true, false]);
      channel.say('purged', 8);
      expect([watch.hasPurged(8), watch.hasPurged(9)]).toEqual([true, false]);
    });

    it.each(['stored', 'failed'] as const)('voids nothing when its key was %s', (type) => {
      const watch = storeEvents.watch(KEY);
      channel.say(type, 9);
      expect(watch.hasVoided(1)).toBe(false);
    });

    it('forgets what was voided before a call that knows it', () => {
      const watch = storeEvents.watch(KEY);
      channel.say('purged', 8);
      watch.forget();
      expect(watch.hasVoided(1)).toBe(false);
    });

    it('tells when another process stored a token, but not of the one that is meant', async () => {
      const watch = storeEvents.watch(KEY);
      const told = jest.fn();
      void watch.overtaken(9).then(told);
      channel.say('stored', 9);
      channel.say('failed', 10);
      await Promise.resolve();
      expect(told).not.toHaveBeenCalled();
      channel.say('stored', 10);
      await Promise.resolve();
      expect(told).toHaveBeenCalledTimes(1);
    });

    it('knows which leases this process gave up', () => {
      const watch = storeEvents.watch(KEY);
      const other = storeEvents.watch({ id: 'other', group: GROUP });
      storeEvents.released(ID, 8);
      expect([7, 8, 9].map((fence) => watch.hasReleased(fence))).toEqual([true, true, false]);
      expect(other.hasReleased(8)).toBe(false);
      expect(storeEvents.watch(KEY).hasReleased(8)).toBe(false);
    });

    it('hears of a purge of all keys of its integration, and of no other', async () => {
      const watch = storeEvents.watch(KEY);
      const another = storeEvents.watch({ id: 'other key', group: 'other' });
      const isAwake = await wakes(watch, () => channel.sayGroupIsPurged(GROUP, 7));
      expect({ isAwake, purged: [7, 8].map((fence) => watch.hasPurged(fence)) }).toEqual({
        isAwake: true,
        purged: [true, false],
      });
      expect(another.hasPurged(7)).toBe(false);
      expect(heard).toEqual([{ type: 'purged-group', group: GROUP, fence: 7 }]);
    });

    it('looks again at once when this process has a token of its own to give', async () => {
      const watch = storeEvents.watch(KEY);
      const waited = watch.wait({ askedAt: 0, leaseEndsInMs: 60_000 });
      storeEvents.wake(ID);
      await expect(waited).resolves.toBeUndefined();
    });
  });

  it('hears nothing any more once it is closed', () => {
    storeEvents.close();
    expect([storeEvents.isInterrupted, channel.listener]).toEqual([true, undefined]);
  });
});
