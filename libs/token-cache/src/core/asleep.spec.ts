import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, HARD_EXPIRY, HOUR, pass, SECOND, startFleet } from '../testing/fleet.spec-support.js';
import { type Clock, systemClock } from './contract/clock.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

/** A machine of its own: its monotonic clock and its timers stand still while it is suspended, and its wall clock can be set. */
class Machine {
  private asleepMs = 0;
  private wallAheadMs = 0;

  readonly clock: Clock = {
    ...systemClock,
    now: () => Date.now() + this.wallAheadMs,
    monotonic: () => performance.now() - this.asleepMs,
    after: (ms, callback) => {
      const dueAt = this.clock.monotonic() + ms;
      const arm = (): (() => void) => {
        const leftMs = dueAt - this.clock.monotonic();
        return systemClock.after(leftMs, () => {
          if (this.clock.monotonic() < dueAt) cancel = arm();
          else callback();
        });
      };
      let cancel = arm();
      return () => cancel();
    },
  };

  async sleep(ms: number): Promise<void> {
    this.asleepMs += ms;
    await pass(ms);
  }

  setWall(ms: number): void {
    this.wallAheadMs += ms;
  }
}

describe('A process whose machine slept', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let machine: Machine;
  let network: FaultyTokenStore;
  let sleeper: TokenClient;

  beforeEach(async () => {
    ({ shared, source, replica, stop } = startFleet());
    machine = new Machine();
    network = new FaultyTokenStore(shared);
    sleeper = replica({ clock: machine.clock }, network);
    await sleeper.getToken('billing');
    network.calls.length = 0;
  });
  afterEach(() => stop());

  it.each([
    ['with the store', undefined],
    ['while the store does not answer', 'reject' as const],
  ])('serves no token that ended meanwhile, %s', async (_how, fault) => {
    await machine.sleep(HARD_EXPIRY);
    network.fault = () => fault;
    expect(await accessToken(sleeper)).toBe('fake-token-2');
  });

  it.each([
    ['once the store has confirmed it', undefined],
    ['by the wall clock, while the store does not answer', 'reject' as const],
  ])('serves a token that did not end meanwhile, %s', async (_how, fault) => {
    await machine.sleep(HARD_EXPIRY - SECOND);
    network.fault = () => fault;
    expect(await accessToken(sleeper)).toBe('fake-token-1');
    expect(network.calls[0]).toBe('acquire');
  });

  it('never publishes again a token that ended meanwhile', async () => {
    await machine.sleep(HARD_EXPIRY);
    expect(await accessToken(sleeper)).toBe('fake-token-2');
    await pass(0);
    expect(await accessToken(replica())).toBe('fake-token-2');
  });

  it('never publishes it to a store that has lost everything either', async () => {
    const empty = new MemoryTokenStore();
    Object.assign(network, { inner: empty });
    await machine.sleep(HARD_EXPIRY);
    expect(await accessToken(sleeper)).toBe('fake-token-2');
    await pass(SECOND);
    expect(await accessToken(replica({}, empty))).toBe('fake-token-2');
  });

  it('gives no longer life to a token that it publishes again than the token has', async () => {
    const empty = new MemoryTokenStore();
    Object.assign(network, { inner: empty });
    await machine.sleep(HOUR / 2);
    await sleeper.getToken('billing');
    await pass(0);
    const other = replica({ refreshWindowMs: 0 }, empty);
    await pass(HARD_EXPIRY - HOUR / 2 - 1);
    expect(await accessToken(other)).toBe('fake-token-1');
    await pass(1);
    expect(await accessToken(other)).toBe('fake-token-2');
  });

  it('gives no longer life to a token that it never shared', async () => {
    network.fault = () => 'reject';
    const alone = replica({ clock: machine.clock }, network);
    await alone.getToken('billing');
    await machine.sleep(HOUR / 2 - SECOND);
    const empty = new MemoryTokenStore();
    Object.assign(network, { inner: empty });
    network.fault = () => undefined;
    await pass(SECOND);
    await alone.getToken('billing');
    await pass(0);
    const other = replica({ refreshWindowMs: 0 }, empty);
    await pass(HARD_EXPIRY - HOUR / 2 - 1);
    expect(await accessToken(other)).toBe('fake-token-2');
    await pass(1);
    expect(await accessToken(other)).toBe('fake-token-3');
  });

  it.each([
    ['with the store', undefined],
    ['while the store does not answer', 'reject' as const],
  ])('serves no token that ended meanwhile although its wall clock was set back before, %s', async (_how, fault) => {
    machine.setWall(-HOUR);
    expect(await accessToken(sleeper)).toBe('fake-token-1');
    await machine.sleep(HARD_EXPIRY);
    network.fault = () => fault;
    expect(await accessToken(sleeper)).toBe('fake-token-2');
    network.fault = () => undefined;
    await pass(SECOND);
    expect(await accessToken(replica())).not.toBe('fake-token-1');
  });

  it('trusts its token without a question once the store has confirmed it', async () => {
    await machine.sleep(60 * SECOND);
    for (let call = 0; call < 5; call++) expect(await accessToken(sleeper)).toBe('fake-token-1');
    expect(network.calls).toEqual(['acquire']);
  });

  describe('while its token was on its way to the store', () => {
    /** A token of a key of its own, and what happens to the machine before it hears of the commit. */
    function committedWhile(happens: () => void | Promise<void>, options?: { minLifeMs: number }): Promise<Token> {
      const commit = shared.commit.bind(shared);
      jest.spyOn(shared, 'commit').mockImplementationOnce(async (...args) => {
        const committed = await commit(...args);
        await happens();
        return committed;
      });
      return sleeper.getToken('billing', { tenant: 'acme' }, options);
    }

    it('serves the token of the store, in which it still lives, when the wall clock was set ahead', async () => {
      const token = await committedWhile(() => machine.setWall(HARD_EXPIRY));
      expect(token.accessToken).toBe('fake-token-2');
      expect(source.calls).toHaveLength(2);
    });

    it('serves its successor when it ended meanwhile', async () => {
      const token = await committedWhile(() => machine.sleep(HARD_EXPIRY));
      expect(token.accessToken).toBe('fake-token-3');
    });

    it('serves its successor when too little of it is left for the caller', async () => {
      const token = await committedWhile(() => machine.sleep(HOUR / 2), { minLifeMs: 40 * 60 * SECOND });
      expect(token.accessToken).toBe('fake-token-3');
    });
  });

  it.each([
    ['an hour back', -HOUR],
    ['a minute ahead', 60 * SECOND],
  ])('serves a token no longer when its wall clock was set %s', async (_how, ms) => {
    machine.setWall(ms);
    expect(await accessToken(sleeper)).toBe('fake-token-1');
    await pass(HARD_EXPIRY);
    const { accessToken: next } = await sleeper.getToken('billing');
    expect(next).toBe('fake-token-2');
  });
});
