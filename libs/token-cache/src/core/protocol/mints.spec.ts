import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { NEVER, settled } from '../../testing/fleet.spec-support.js';
import { type TokenKey } from '../config/token-key.js';
import { type HeldToken } from '../contract/held-token.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { TokenObservers } from '../contract/token-observers.js';
import { TokensInHand } from '../in-hand/tokens-in-hand.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { FailureMemory } from '../source-client/failure-memory.js';
import { SourceClient } from '../source-client/source-client.js';
import { GuardedStore } from '../store-client/guarded-store.js';
import { PayloadCodec } from '../store-client/payload-codec.js';
import { type Granted, StoreClient } from '../store-client/store-client.js';
import { Looks } from '../store-client/looks.js';
import { StoreEvents } from '../store-client/store-events.js';
import { KnownCooldowns } from './known-cooldowns.js';
import { Minting } from './minting.js';
import { Mints, type RunningMint } from './mints.js';
import { Publishing } from './publishing.js';
import { Retries } from './retries.js';

const LEASE_MS = 3_000;
const HOUR = 3_600_000;

describe('The mints of a process', () => {
  let clock: FakeClock;
  let shared: MemoryTokenStore;
  let network: FaultyTokenStore;
  let store: StoreClient;
  let source: FakeTokenSource;
  let sources: SourceClient;
  let tokens: TokensInHand;
  let failures: FailureMemory;
  let cooldowns: KnownCooldowns;
  let retries: Retries;
  let key: TokenKey;
  let mints: Mints;
  let storeEvents: StoreEvents;
  let closing: AbortController;
  let broughtIn: HeldToken[];

  beforeEach(() => {
    clock = new FakeClock();
    shared = new MemoryTokenStore({ clock });
    network = new FaultyTokenStore(shared);
    source = new FakeTokenSource();
    key = billingKey({ source, leaseMs: LEASE_MS, maxOpenMints: 1 });
    const random = () => 0;
    closing = new AbortController();
    const observers = new TokenObservers();
    const base = { clock, random, closing: closing.signal, observers, codec: new PayloadCodec(new Map()) };
    store = new StoreClient(new GuardedStore(network, clock, observers, NEVER), clock, () => {});
    sources = new SourceClient(clock, random, closing.signal);
    failures = new FailureMemory(clock, random);
    tokens = new TokensInHand({
      ...base,
      policy: false,
      maxEntries: 10,
      channel: undefined,
      onServable: (keyId) => storeEvents.wake(keyId),
    });
    cooldowns = new KnownCooldowns(clock, true);
    retries = new Retries(clock, NEVER);
    storeEvents = new StoreEvents(clock, random, undefined, new Looks(clock, undefined), (event) => {
      tokens.notice(event);
      sources.abortVoided(event);
    });
    const known = { ...base, store, storeEvents, sources, failures, tokens, cooldowns, retries };
    broughtIn = [];
    const bringIn = (_key: TokenKey, held: HeldToken): void => void broughtIn.push(held);
    mints = new Mints({ bringIn, ...known, minting: new Minting(known), publishing: new Publishing(known) });
  });

  async function granted(): Promise<Granted> {
    const acquired = await store.acquire(key);
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    return acquired;
  }

  const place = (): (() => void) => sources.tryAdmission(key) ?? (() => {});
  const isPlaceFree = (): boolean => {
    const free = sources.tryAdmission(key);
    free?.();
    return free !== undefined;
  };
  const tokenOf = async (result: Promise<HeldToken | 'voided'>): Promise<string> => {
    const held = await result;
    return held === 'voided' ? held : held.token.accessToken;
  };

  describe('are one for a key at a time', () => {
    it('whoever asks under the same lease', async () => {
      const lease = await granted();
      const both = [mints.underLease(key, lease, place()), mints.underLease(key, lease, place())];
      expect(await Promise.all(both.map(({ result }) => tokenOf(result)))).toEqual(['fake-token-1', 'fake-token-1']);
      expect(source.calls).toHaveLength(1);
    });

    it('whoever asks without a lease', async () => {
      const both = [mints.withoutLease(key, 'miss'), mints.withoutLease(key, 'refresh')];
      expect(await Promise.all(both.map(({ result }) => tokenOf(result)))).toEqual(['fake-token-1', 'fake-token-1']);
      expect(source.calls).toHaveLength(1);
    });

    it('also for one that asks without a lease while another mints under one', async () => {
      const release = source.hold();
      const leased = mints.underLease(key, await granted(), place());
      const alone = mints.withoutLease(key, 'miss');
      await clock.advance(100);
      release();
      expect(await Promise.all([leased, alone].map(({ result }) => tokenOf(result)))).toEqual([
        'fake-token-1',
        'fake-token-1',
      ]);
      expect((await shared.peek(key.id)).token).toBeDefined();
    });

    it('and of different keys as many as there are', async () => {
      const release = source.hold();
      const other = billingKey({ source, maxOpenMints: 2 }, { tenant: 'other' });
      const wide = billingKey({ source, maxOpenMints: 2 });
      const both = [mints.withoutLease(wide, 'miss'), mints.withoutLease(other, 'miss')];
      await clock.advance(0);
      expect(source.calls).toHaveLength(2);
      release();
      await Promise.all(both.map(({ result }) => result));
    });

    it('and are told to run until they have ended', async () => {
      const release = source.hold();
      const { result } = mints.withoutLease(key, 'miss');
      expect(mints.isRunning(key.id)).toBe(true);
      release();
      await result;
      expect(mints.isRunning(key.id)).toBe(false);
    });
  });

  describe('that began without a lease', () => {
    it('are committed under the one that the process is granted meanwhile', async () => {
      const release = source.hold();
      const { result } = mints.withoutLease(key, 'miss');
      await clock.advance(0);
      const lease = await granted();
      expect(mints.adopt(key, lease)).toBe(true);
      release();
      expect(await result).toMatchObject({
        sharing: { state: 'shared' },
        token: { accessToken: 'fake-token-1', generation: lease.lease.fence },
      });
      expect((await shared.peek(key.id)).token?.fence).toBe(lease.lease.fence);
      expect(source.calls).toHaveLength(1);
    });

    it('hold that lease, so that no other process takes it over', async () => {
      const release = source.hold();
      const { result } = mints.withoutLease(key, 'miss');
      await clock.advance(0);
      mints.adopt(key, await granted());
      await clock.advance(2 * LEASE_MS);
      expect(await shared.acquire(key.id, { nonce: 'other', leaseMs: LEASE_MS, minTtlMs: 0 })).toMatchObject({
        outcome: 'wait',
      });
      release();
      await result;
    });

    it('have no fence for the source, as those have that began with one', async () => {
      await mints.withoutLease(key, 'miss').result;
      const lease = await granted();
      await mints.underLease(key, lease, place()).result;
      expect(source.calls.map(({ context }) => context.fence)).toEqual([0, lease.lease.fence]);
    });

    it('are kept for this process alone when it is granted none', async () => {
      const { result } = mints.withoutLease(key, 'miss');
      expect(await result).toMatchObject({ sharing: { state: 'unshared' } });
      expect(network.calls).toEqual([]);
    });
  });

  it('go on under a later lease than they began with, and are committed under that', async () => {
    const release = source.hold();
    const first = await granted();
    const begun = mints.underLease(key, first, place());
    network.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
    await clock.advance(LEASE_MS + 1);
    network.fault = () => undefined;
    const second = await granted();
    expect(second.lease.fence).toBeGreaterThan(first.lease.fence);
    const joined = mints.underLease(key, second, place());
    release();
    expect(await joined.result).toMatchObject({
      sharing: { state: 'shared' },
      token: { generation: second.lease.fence },
    });
    expect(await begun.result).toBe(await joined.result);
    expect(source.calls).toHaveLength(1);
  });

  it('are not gone on with when they were purged since they began, but done again', async () => {
    const release = source.hold();
    const before = settled(mints.underLease(key, await granted(), place()).result);
    await clock.advance(0);
    await shared.purge(key.id);
    const lease = await granted();
    expect(mints.adopt(key, lease)).toBe(false);
    const { result } = mints.underLease(key, lease, () => {});
    await clock.advance(0);
    expect(source.calls).toHaveLength(2);
    release();
    expect(await tokenOf(result)).toBe('fake-token-2');
    expect(await before).toMatchObject({ status: 'fulfilled', value: 'voided' });
  });

  it('are not gone on with under a lease whose answer calls them void', async () => {
    const release = source.hold();
    const lease = await granted();
    const { result } = mints.underLease(key, lease, place());
    const { fence } = lease.lease;
    const adopted = [fence - 1, fence].map((voidedUpTo) => mints.adopt(key, { ...lease, voidedUpTo }));
    expect(adopted).toEqual([true, false]);
    release();
    await result;
  });

  describe.each([
    ['under a lease', async () => mints.underLease(key, await granted(), place())],
    ['without a lease', async () => mints.withoutLease(key, 'miss')],
  ])('beside an earlier one that began %s and was purged', (_how, begin) => {
    let release: { earlier: () => void; later: () => void };
    let earlier: RunningMint;
    let later: RunningMint;

    beforeEach(async () => {
      release = { earlier: source.hold(), later: () => {} };
      earlier = await begin();
      await clock.advance(0);
      await shared.purge(key.id);
      release.later = source.hold();
      later = mints.underLease(key, await granted(), () => {});
      await clock.advance(0);
    });

    it('run on when that ends', async () => {
      release.earlier();
      await earlier.result;
      await clock.advance(0);
      expect(mints.isRunning(key.id)).toBe(true);
      release.later();
      expect(await tokenOf(later.result)).toBe('fake-token-2');
    });

    it('end before that, and leave it to end as it would', async () => {
      release.later();
      expect(await tokenOf(later.result)).toBe('fake-token-2');
      release.earlier();
      expect(await settled(earlier.result)).toMatchObject({ status: 'fulfilled' });
    });
  });

  it('are not gone on with when there are none', async () => {
    expect(mints.adopt(key, await granted())).toBe(false);
    expect(source.calls).toHaveLength(0);
  });

  it('tell all who wait for them that the lease is lost as soon as the store says so, and not when it says nothing', async () => {
    const release = source.hold();
    const lease = await granted();
    const [mint, joined] = [mints.underLease(key, lease, place()), mints.underLease(key, lease, place())];
    const lost = jest.fn();
    for (const { leaseLost } of [mint, joined]) void leaseLost.then(lost);
    network.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
    await clock.advance(LEASE_MS + 1);
    expect(lost).not.toHaveBeenCalled();
    await shared.acquire(key.id, { nonce: 'other', leaseMs: LEASE_MS, minTtlMs: 0 });
    network.fault = () => undefined;
    await clock.advance(LEASE_MS / 3 + 500);
    expect(lost).toHaveBeenCalledTimes(2);
    release();
    await mint.result;
  });

  describe('give their place at the provider back', () => {
    it.each<[string, () => void]>([
      ['have a token', () => {}],
      ['failed', () => (source.failure = new TokenSourceUnavailableError('down'))],
    ])('when they %s', async (_what, given) => {
      given();
      const release = source.hold();
      const { result } = mints.underLease(key, await granted(), place());
      await clock.advance(0);
      expect(isPlaceFree()).toBe(false);
      release();
      await settled(result);
      expect(isPlaceFree()).toBe(true);
    });

    it('and fail when none is free within mintTimeoutMs', async () => {
      const giveBack = place();
      const mint = settled(mints.withoutLease(key, 'miss').result);
      await clock.advance(key.integration.policy.mintTimeoutMs);
      expect(await mint).toMatchObject({ reason: { message: expect.stringContaining('No turn at the source') } });
      giveBack();
    });

    it('at once when they join one that runs', async () => {
      const wide = billingKey({ source, maxOpenMints: 2 });
      const release = source.hold();
      const lease = await granted();
      const first = mints.underLease(wide, lease, place());
      const giveBack = jest.fn();
      const second = mints.underLease(wide, lease, giveBack);
      expect(giveBack).toHaveBeenCalledTimes(1);
      release();
      await Promise.all([first.result, second.result]);
    });
  });

  describe('that fail', () => {
    beforeEach(() => (source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' })));

    it('let the fleet know, and this process, which need not ask the store for a second', async () => {
      const { result } = mints.underLease(key, await granted(), place());
      expect(await settled(result)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED', retryAfterMs: 30_000 } });
      expect((await shared.peek(key.id)).cooldown).toMatchObject({ remainingMs: 30_000 });
      expect(cooldowns.recent(key.id)).toMatchObject({ remainingMs: 30_000 });
    });

    it('concern nobody when the lease was lost to another process', async () => {
      const release = source.hold();
      const { result } = mints.underLease(key, await granted(), place());
      network.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
      await clock.advance(LEASE_MS + 1);
      await shared.acquire(key.id, { nonce: 'other', leaseMs: LEASE_MS, minTtlMs: 0 });
      release();
      expect(await result).toBe('voided');
      expect((await shared.peek(key.id)).cooldown).toBeUndefined();
      expect(cooldowns.recent(key.id)).toBeUndefined();
    });

    it('keep this process from asking the source again, though the lease was lost', async () => {
      const release = source.hold();
      const { result } = mints.underLease(key, await granted(), place());
      await clock.advance(0);
      Object.assign(network, { inner: new MemoryTokenStore({ clock }) });
      release();
      expect(await result).toBe('voided');
      await clock.advance(0);
      expect(await settled(mints.withoutLease(key, 'miss').result)).toMatchObject({ reason: { retryAfterMs: 30_000 } });
      expect(source.calls).toHaveLength(1);
    });

    it('keep it from that no longer than the store does, which was told', async () => {
      await settled(mints.underLease(key, await granted(), place()).result);
      Object.assign(network, { inner: new MemoryTokenStore({ clock }) });
      await settled(mints.underLease(key, await granted(), place()).result);
      expect(source.calls).toHaveLength(2);
    });

    it('keep it from minting without a lease, also when their own event comes late', async () => {
      const lease = await granted();
      await settled(mints.underLease(key, lease, place()).result);
      cooldowns.notice({ type: 'failed', keyId: key.id, fence: lease.lease.fence });
      await clock.advance(29_999);
      expect(await settled(mints.withoutLease(key, 'miss').result)).toMatchObject({ reason: { retryAfterMs: 1 } });
      expect(source.calls).toHaveLength(1);
    });

    it('keep it from that no longer than until it had a token', async () => {
      await settled(mints.underLease(key, await granted(), place()).result);
      delete source.failure;
      source.answer = { expiresInMs: 20_000 };
      await clock.advance(1);
      Object.assign(network, { inner: new MemoryTokenStore({ clock }) });
      await mints.underLease(key, await granted(), place()).result;
      await clock.advance(20_000);
      expect(tokens.valid(key.id)).toBeUndefined();
      await tokenOf(mints.withoutLease(key, 'miss').result);
      expect(source.calls).toHaveLength(3);
    });

    it('concern nobody when the process shuts down, which gives its lease to others at once', async () => {
      source.hold();
      const { result } = mints.underLease(key, await granted(), place());
      await clock.advance(0);
      closing.abort();
      expect(await settled(result)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_UNAVAILABLE' } });
      await clock.advance(1_000);
      expect(network.calls).toEqual(['acquire', 'fail']);
      expect(cooldowns.recent(key.id)).toBeUndefined();
      expect(await shared.acquire(key.id, { nonce: 'other', leaseMs: LEASE_MS, minTtlMs: 0 })).toMatchObject({
        outcome: 'lease',
        failures: 0,
      });
    });

    it('without a lease keep this process from asking the source for the cool-down', async () => {
      await settled(mints.withoutLease(key, 'miss').result);
      await clock.advance(29_999);
      expect(await settled(mints.withoutLease(key, 'miss').result)).toMatchObject({ reason: { retryAfterMs: 1 } });
      expect(source.calls).toHaveLength(1);
      await clock.advance(1);
      await settled(mints.withoutLease(key, 'miss').result);
      expect(source.calls).toHaveLength(2);
    });

    it('without a lease are told to the fleet in place of a mint, once the process is granted one', async () => {
      await settled(mints.withoutLease(key, 'miss').result);
      await clock.advance(10_000);
      const { result } = mints.underLease(key, await granted(), place());
      expect(await settled(result)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
      expect((await shared.peek(key.id)).cooldown).toMatchObject({ remainingMs: 20_000 });
      expect(source.calls).toHaveLength(1);
    });

    it('without a lease give one back in place of a mint, and renew it no more meanwhile', async () => {
      await settled(mints.withoutLease(key, 'miss').result);
      const lease = await granted();
      // Its first renewal is due at once.
      await clock.advance(LEASE_MS - 1);
      network.fault = (operation) => (operation === 'fail' ? 'lose-reply' : undefined);
      const mint = mints.underLease(key, lease, place());
      const lost = jest.fn();
      void mint.leaseLost.then(lost);
      await clock.advance(1);
      expect(network.calls).toEqual(['acquire', 'fail']);
      expect(lost).not.toHaveBeenCalled();
      await clock.advance(500);
      expect(await settled(mint.result)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
    });

    describe('are told to the store again when it did not answer', () => {
      beforeEach(() => (network.fault = (operation) => (operation === 'fail' ? 'reject' : undefined)));

      it('at once', async () => {
        let isLost = false;
        network.fault = (operation) => (operation === 'fail' && !isLost ? ((isLost = true), 'reject') : undefined);
        await settled(mints.underLease(key, await granted(), place()).result);
        await clock.advance(0);
        expect((await shared.peek(key.id)).cooldown).toMatchObject({ remainingMs: 30_000 });
      });

      it('and not once more after that', async () => {
        await settled(mints.underLease(key, await granted(), place()).result);
        network.fault = () => undefined;
        await clock.advance(50);
        network.calls.length = 0;
        await clock.advance(LEASE_MS);
        expect(network.calls).toEqual([]);
      });

      it('without a caller, while the lease may be live', async () => {
        await settled(mints.underLease(key, await granted(), place()).result);
        await clock.advance(LEASE_MS - 1_000);
        network.fault = () => undefined;
        await clock.advance(1_000);
        expect((await shared.peek(key.id)).cooldown).toMatchObject({ error: expect.stringContaining('REJECTED') });
      });

      it('no longer than that', async () => {
        await settled(mints.underLease(key, await granted(), place()).result);
        await clock.advance(LEASE_MS);
        network.calls.length = 0;
        await clock.advance(HOUR);
        expect(network.calls).toEqual([]);
      });

      it('and not when the process has begun to mint again under the same lease', async () => {
        const lease = await granted();
        await settled(mints.underLease(key, lease, place()).result);
        failures.forget(key.id);
        delete source.failure;
        const release = source.hold();
        const { result } = mints.underLease(key, lease, place());
        network.fault = () => undefined;
        network.calls.length = 0;
        await clock.advance(500);
        release();
        expect(await tokenOf(result)).toBe('fake-token-2');
        await clock.advance(LEASE_MS);
        expect(network.calls).toEqual(['commit']);
        expect((await shared.peek(key.id)).cooldown).toBeUndefined();
      });
    });
  });

  describe('whose commit got no answer', () => {
    it.each(['reject', 'hang', 'lose-reply'] as const)(
      'are committed again without a caller until the store answers (%s)',
      async (fault) => {
        network.fault = (operation) => (operation === 'commit' ? fault : undefined);
        const { result } = mints.underLease(key, await granted(), place());
        await clock.advance(500);
        const held = await result;
        expect(held).toMatchObject({ sharing: { state: 'unanswered' } });
        await clock.advance(10_000);
        network.fault = () => undefined;
        await clock.advance(1_500);
        expect((await shared.peek(key.id)).token?.fence).toBe(tokens.valid(key.id)?.token.generation);
        expect(tokens.valid(key.id)).toMatchObject({ sharing: { state: 'shared' } });
        const commits = network.calls.length;
        await clock.advance(60_000);
        expect(network.calls).toHaveLength(commits);
      },
    );

    it('are committed under the lease that the process was granted meanwhile', async () => {
      network.fault = (operation) => (operation === 'commit' ? 'hang' : undefined);
      const first = await granted();
      const { result } = mints.underLease(key, first, place());
      await clock.advance(0);
      await shared.fail(key.id, first.lease);
      const second = await granted();
      expect(mints.adopt(key, second)).toBe(true);
      network.fault = () => undefined;
      await clock.advance(500);
      expect(await result).toMatchObject({
        sharing: { state: 'shared' },
        token: { generation: second.lease.fence },
      });
    });

    describe('are followed under the same lease by one', () => {
      let lease: Granted;

      beforeEach(async () => {
        network.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
        lease = await granted();
        await mints.underLease(key, lease, place()).result;
        await clock.advance(0);
      });

      it('whose token is brought in apart from it', async () => {
        const apart = await mints.underLease(key, lease, place()).result;
        expect(apart).toMatchObject({ sharing: { state: 'unshared' }, token: { accessToken: 'fake-token-2' } });
        expect(broughtIn).toEqual([apart]);
      });

      it('whose token is not brought in when it is purged as the lease is given up', async () => {
        network.fault = (operation) => {
          if (operation === 'fail') storeEvents.deliver({ type: 'purged', keyId: key.id, fence: Infinity });
          return operation === 'commit' ? 'reject' : undefined;
        };
        expect(await mints.underLease(key, lease, place()).result).toBe('voided');
        expect(broughtIn).toHaveLength(0);
        expect(tokens.valid(key.id)).toBeUndefined();
      });
    });

    it('are not committed again once their token is over', async () => {
      source.answer = { expiresInMs: 5_000 };
      network.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      await mints.underLease(key, await granted(), place()).result;
      await clock.advance(5_000);
      network.calls.length = 0;
      await clock.advance(HOUR);
      expect(network.calls).toEqual([]);
    });

    it('are not committed again once their token is in hand no more', async () => {
      network.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      await mints.underLease(key, await granted(), place()).result;
      await clock.advance(10);
      tokens.drop(key.id, tokens.last(key.id)!);
      network.calls.length = 0;
      await clock.advance(HOUR);
      expect(network.calls).toEqual([]);
    });
  });

  it('have settled when the last one has, be it failed', async () => {
    const release = source.hold();
    source.failure = new TokenSourceUnavailableError('down');
    const failing = settled(mints.underLease(key, await granted(), place()).result);
    const allSettled = jest.fn();
    void mints.settled().then(allSettled);
    await clock.advance(1_000);
    expect(allSettled).not.toHaveBeenCalled();
    release();
    expect(await failing).toMatchObject({ status: 'rejected' });
    await clock.advance(0);
    expect(allSettled).toHaveBeenCalledTimes(1);
  });

  it('have settled when there are none', async () => {
    await expect(mints.settled()).resolves.toBeUndefined();
  });
});
