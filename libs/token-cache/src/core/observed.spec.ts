import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
import { type Fleet, pass, settled, silent, slow, startFleet } from '../testing/fleet.spec-support.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type ObservedWork } from './contract/observed-work.js';
import { type GetOutcome, type MintOutcome, TokenObserver } from './contract/token-observer.js';
import { type TokenClient } from '../core/token-client.js';

const LEASE_MS = 3_000;
const HEARD = ['hit', 'miss', 'minted', 'waited', 'leaseLost', 'superseded', 'rejected', 'refreshFailed'] as const;

/** What an observer of this process hears, but for the calls of the store. */
function hear(tokens: TokenClient, ...events: readonly (typeof HEARD)[number][]): unknown[] {
  const heard: unknown[] = [];
  class Witness extends TokenObserver {}
  for (const event of events.length > 0 ? events : HEARD) {
    Object.assign(Witness.prototype, { [event]: (...details: unknown[]) => heard.push([event, ...details]) });
  }
  tokens.observe(new Witness());
  return heard;
}

/** How the work for each caller of this process ends that is not served at once. */
function endsOf(tokens: TokenClient): unknown[] {
  const ends: unknown[] = [];
  tokens.observe(
    new (class extends TokenObserver {
      override getting = (): ObservedWork<GetOutcome> => ({ ended: (end) => void ends.push(end) });
    })(),
  );
  return ends;
}

describe('What an observer hears', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  function faulty(fault: (operation: string) => StoreFault | undefined): FaultyTokenStore {
    const store = new FaultyTokenStore(shared);
    store.fault = fault;
    return store;
  }

  const minted = (outcome: string, reason: string, durationMs: number): unknown[] => [
    'minted',
    'billing',
    { outcome, reason, durationMs },
  ];
  const miss = ['miss', 'billing'];
  const rejected = (outcome: string): unknown[] => ['rejected', 'billing', outcome];
  const hit = (layer: string): unknown[] => ['hit', 'billing', layer];

  it('of a call that mints, and of its mint: whose it is, and how it ends', async () => {
    const tokens = replica();
    const told: unknown[] = [];
    const watch = (...begin: unknown[]): ObservedWork<never> => {
      told.push(begin);
      return { ended: (end) => void told.push([begin[0], end]) };
    };
    tokens.observe(
      new (class extends TokenObserver {
        override getting = (...details: unknown[]): ObservedWork<GetOutcome> => watch('getting', ...details);
        override minting = (...details: unknown[]): ObservedWork<MintOutcome> => watch('minting', ...details);
      })(),
    );
    await tokens.getToken('billing');
    expect(told).toEqual([
      ['getting', 'billing'],
      ['minting', 'billing', 'miss'],
      ['minting', { outcome: 'stored' }],
      ['getting', { outcome: 'minted' }],
    ]);
  });

  it('until it stops listening', async () => {
    const tokens = replica();
    let hits = 0;
    const stopListening = tokens.observe(
      new (class extends TokenObserver {
        override hit(): void {
          hits++;
        }
      })(),
    );
    for (let call = 0; call < 2; call++) await tokens.getToken('billing');
    stopListening();
    await tokens.getToken('billing');
    expect(hits).toBe(1);
  });

  it('of a mint, of a token that is shared and of one at hand', async () => {
    const [a, b] = [replica(), replica()];
    const [heardByA, heardByB] = [hear(a), hear(b)];
    const release = source.hold();
    const first = a.getToken('billing');
    await pass(20);
    release();
    await first;
    await b.getToken('billing');
    await b.getToken('billing');
    expect(heardByA).toEqual([minted('stored', 'miss', 20), miss]);
    expect(heardByB).toEqual([hit('shared'), hit('near')]);
  });

  it('of a token that is shared, once for each of the callers that the store is asked for together', async () => {
    await replica().getToken('billing');
    const tokens = replica();
    const heard = hear(tokens);
    await Promise.all([tokens.getToken('billing'), tokens.getToken('billing')]);
    expect(heard).toEqual([hit('shared'), hit('shared')]);
  });

  it('of each caller how it got its token: by a mint of its own, or by one that it waited for', async () => {
    const [a, b] = [replica(), replica()];
    const [endsInA, endsInB] = [endsOf(a), endsOf(b)];
    const release = source.hold();
    const waiting = Promise.all([a.getToken('billing'), a.getToken('billing'), b.getToken('billing')]);
    await pass(10);
    release();
    await waiting;
    expect(endsInA).toEqual([{ outcome: 'minted' }, { outcome: 'waited' }]);
    expect(endsInB).toEqual([{ outcome: 'waited' }]);
  });

  it('of the token in hand that is given to a caller whose time is over, while the store is still being asked', async () => {
    const policy = { mintTimeoutMs: 1_000, leaseMs: 1_000, waitTimeoutMs: 2_000, storeTimeoutMs: 10_000 };
    const store = faulty(() => undefined);
    const tokens = replica({ ...policy, nearCache: false }, store);
    await tokens.getToken('billing');
    store.fault = () => 'hang';
    const [heard, ends] = [hear(tokens), endsOf(tokens)];
    const waiting = tokens.getToken('billing');
    await pass(2_000);
    await waiting;
    expect(heard).toEqual([hit('near')]);
    expect(ends).toEqual([{ outcome: 'near' }]);
  });

  it('of a mint for a caller that was refused, though the token in hand outlives the new one', async () => {
    const store = faulty(() => undefined);
    const tokens = replica({}, store);
    const refused = await tokens.getToken('billing');
    store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
    source.answer = { expiresInMs: 300_000 };
    const heard = hear(tokens);
    const other = await tokens['parts'].supply.replace(tokens['keys'].of('billing'), refused);
    expect(other?.accessToken).toBe('fake-token-2');
    expect(heard).toEqual([minted('local', 'refresh', 0), miss]);
  });

  it('of a wait for another process', async () => {
    const [a, b] = [replica(), replica()];
    const heard = hear(b);
    const release = source.hold();
    void a.getToken('billing');
    await pass(10);
    const waiting = b.getToken('billing');
    await pass(30);
    release();
    await pass(0);
    await waiting;
    expect(heard).toEqual([['waited', 'billing', 30], hit('waited')]);
  });

  it('of a mint after an invalidation', async () => {
    const tokens = replica();
    const token = await tokens.getToken('billing');
    const heard = hear(tokens);
    await tokens.invalidate(token);
    await tokens.getToken('billing');
    expect(heard).toEqual([rejected('replaced'), minted('stored', 'invalidated', 0), miss]);
  });

  it('of each rejection what became of it', async () => {
    const tokens = replica();
    const first = await tokens.getToken('billing');
    const heard = hear(tokens, 'rejected');
    await tokens.invalidate(first);
    await tokens.invalidate(first);
    const second = await tokens.getToken('billing');
    await tokens.invalidate(first);
    await tokens.invalidate(second);
    expect(heard).toEqual([rejected('replaced'), rejected('stale'), rejected('stale'), rejected('held')]);
  });

  it('of two rejections of one token that come together that one of them was granted, or both held', async () => {
    const tokens = replica();
    const heard = hear(tokens, 'rejected');
    for (let round = 0; round < 2; round++) {
      const token = await tokens.getToken('billing');
      await Promise.all([tokens.invalidate(token), tokens.invalidate(token)]);
    }
    expect(heard.sort()).toEqual([rejected('held'), rejected('held'), rejected('replaced'), rejected('stale')]);
  });

  it('of a rejection of a token that was purged unheard before it could be shared', async () => {
    const store = silent(shared);
    store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
    const tokens = replica({}, store);
    const token = await tokens.getToken('billing');
    await replica().purge('billing');
    store.fault = () => undefined;
    const heard = hear(tokens, 'rejected');
    await tokens.invalidate(token);
    expect(heard).toEqual([rejected('stale')]);
    expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
  });

  describe('of a rejected token that is served, since no other can be had,', () => {
    let store: FaultyTokenStore;
    let tokens: TokenClient;
    let heard: unknown[];

    beforeEach(async () => {
      store = faulty(() => undefined);
      tokens = replica({}, store);
      await tokens.invalidate(await tokens.getToken('billing'));
      heard = hear(tokens, 'hit');
    });

    it('that it came from the store', async () => {
      source.failure = new TokenSourceUnavailableError('down');
      await tokens.getToken('billing');
      expect(heard).toEqual([hit('shared')]);
    });

    it('that another process was waited for', async () => {
      const release = source.hold();
      void settled(replica().getToken('billing'));
      await pass(10);
      const waiting = tokens.getToken('billing');
      await pass(10);
      source.failure = new TokenSourceUnavailableError('down', { binds: 'fleet' });
      release();
      await pass(10);
      await waiting;
      expect(heard).toEqual([hit('waited')]);
    });

    it('that it was at hand while there is no store', async () => {
      source.failure = new TokenSourceUnavailableError('down');
      store.fault = () => 'reject';
      await tokens.getToken('billing');
      expect(heard).toEqual([hit('near')]);
    });
  });

  it('of a rejection that the store could not be told', async () => {
    const store = faulty(() => undefined);
    const tokens = replica({}, store);
    const token = await tokens.getToken('billing');
    store.fault = () => 'reject';
    const heard = hear(tokens, 'rejected');
    await tokens.invalidate(token);
    expect(heard).toEqual([rejected('replaced')]);
  });

  it('of a source that fails', async () => {
    const tokens = replica();
    const heard = hear(tokens);
    source.failure = new TokenSourceUnavailableError('down');
    await settled(tokens.getToken('billing'));
    expect(heard).toEqual([minted('failed', 'miss', 0), miss]);
  });

  it('of a mint without the store', async () => {
    const tokens = replica(
      {},
      faulty(() => 'reject'),
    );
    const heard = hear(tokens);
    await tokens.getToken('billing');
    expect(heard).toEqual([minted('local', 'miss', 0), miss]);
  });

  it('of a source that fails while there is no store', async () => {
    const tokens = replica(
      {},
      faulty(() => 'reject'),
    );
    const heard = hear(tokens);
    source.failure = new TokenSourceUnavailableError('down');
    await settled(tokens.getToken('billing'));
    expect(heard).toEqual([minted('failed', 'miss', 0), miss]);
  });

  it('of a token that could not be shared, and is served all the same', async () => {
    const tokens = replica(
      {},
      faulty((operation) => (operation === 'commit' ? 'reject' : undefined)),
    );
    const heard = hear(tokens);
    await tokens.getToken('billing');
    await tokens.getToken('billing');
    expect(heard).toEqual([minted('local', 'miss', 0), miss, hit('near')]);
  });

  it('of a holder that was overtaken, and serves the newer token', async () => {
    const late = replica(
      { storeTimeoutMs: 10_000 },
      slow(shared, { requests: { renew: 60_000, commit: 2 * LEASE_MS } }),
    );
    const heard = hear(late);
    const serving = late.getToken('billing');
    await pass(LEASE_MS + 100);
    const newer = (await replica().getToken('billing')).generation;
    await pass(2 * LEASE_MS);
    expect((await serving).generation).toBe(newer);
    expect(heard).toEqual([['superseded', 'billing'], minted('superseded', 'miss', 2 * LEASE_MS), miss]);
  });

  it('of a mint that another process voided unheard', async () => {
    const tokens = replica({}, silent(shared));
    const heard = hear(tokens);
    const release = source.hold();
    const first = tokens.getToken('billing');
    await pass(10);
    await replica().purge('billing');
    release();
    await pass(0);
    await first;
    expect(heard).toEqual([
      ['superseded', 'billing'],
      minted('superseded', 'miss', 10),
      minted('stored', 'invalidated', 0),
      miss,
    ]);
  });

  it('of a rejection that the store was told too late', async () => {
    const store = faulty(() => undefined);
    const tokens = replica({}, store);
    const token = await tokens.getToken('billing');
    store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
    await tokens.invalidate(token);
    store.fault = () => undefined;
    const heard = hear(tokens);
    await tokens.getToken('billing');
    expect(heard).toEqual([minted('stored', 'invalidated', 0), miss]);
  });

  it('nothing of a renewal that failed and is tried again', async () => {
    const store = faulty((operation) => (operation === 'renew' && store.calls.length < 3 ? 'reject' : undefined));
    const tokens = replica({}, store);
    const heard = hear(tokens);
    const release = source.hold();
    const first = tokens.getToken('billing');
    await pass(LEASE_MS - 500);
    release();
    await pass(0);
    await first;
    expect(heard).toEqual([minted('stored', 'miss', LEASE_MS - 500), miss]);
    expect(store.calls.filter((operation) => operation === 'renew')).toHaveLength(2);
  });

  it('of a wait that ends when the last caller leaves', async () => {
    const [a, b] = [replica(), replica()];
    const heard = hear(b);
    source.hold();
    void settled(a.getToken('billing'));
    await pass(10);
    const leaving = new AbortController();
    void settled(b.getToken('billing', undefined, { signal: leaving.signal }));
    await pass(20);
    leaving.abort();
    await pass(0);
    expect(heard).toEqual([['waited', 'billing', 20]]);
  });

  it('of the token at hand while there is no store', async () => {
    const store = faulty(() => undefined);
    const tokens = replica({ nearCache: false }, store);
    await tokens.getToken('billing');
    store.fault = () => 'reject';
    const heard = hear(tokens);
    await tokens.getToken('billing');
    expect(heard).toEqual([hit('near')]);
  });

  it('of a lease that was lost while the source dawdled', async () => {
    const store = silent(shared);
    const tokens = replica({}, store);
    const heard = hear(tokens);
    const release = source.hold();
    const first = tokens.getToken('billing');
    await pass(10);
    Object.assign(store, { inner: new MemoryTokenStore() });
    await pass(1_500);
    release();
    await pass(0);
    await first;
    expect(heard).toEqual([['leaseLost', 'billing'], minted('stored', 'miss', 1_510), miss]);
  });

  it('of a purge that voids a mint, with the store and without it', async () => {
    for (const store of [
      new FaultyTokenStore(shared),
      faulty((operation) => (operation === 'purge' ? undefined : 'reject')),
    ]) {
      const tokens = replica({}, store);
      const heard = hear(tokens);
      source.hold();
      const first = tokens.getToken('billing');
      await pass(10);
      source.hold()();
      await tokens.purge('billing');
      await pass(0);
      await first;
      expect(heard[0]).toEqual(minted('superseded', 'miss', 10));
    }
  });

  it('of a token that the store lost and was given again', async () => {
    const store = silent(shared);
    const tokens = replica({}, store);
    await tokens.getToken('billing');
    Object.assign(store, { inner: new MemoryTokenStore() });
    const heard = hear(tokens);
    await tokens.getToken('billing');
    expect(heard).toEqual([hit('near')]);
  });

  it('is one hit or one miss per caller, and one mint', async () => {
    const seen: string[] = [];
    class Recorder extends TokenObserver {
      override hit(_: string, layer: string): void {
        seen.push(layer);
      }
      override miss(): void {
        seen.push('miss');
      }
      override minted(_: string, { outcome, reason }: { outcome: string; reason: string }): void {
        seen.push(`${outcome} ${reason}`);
      }
    }
    const [a, b] = [replica(), replica()];
    for (const tokens of [a, b]) tokens.observe(new Recorder());
    const release = source.hold();
    const cold = Promise.all([a.getToken('billing'), a.getToken('billing'), b.getToken('billing')]);
    await pass(10);
    release();
    await cold;
    await b.getToken('billing');
    await replica().getToken('billing');
    expect(seen.sort()).toEqual(['miss', 'near', 'stored miss', 'waited', 'waited']);
  });
});
