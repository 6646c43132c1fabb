import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  type Delays,
  type Fleet,
  HARD_EXPIRY,
  pass,
  SECOND,
  settled,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { DEFAULT_POLICY } from './config/policy.js';
import { type StoreOperation, TokenObserver } from './contract/token-observer.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

const { storeTimeoutMs } = DEFAULT_POLICY;

describe('A caller for whom the store is being asked', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  /** A store whose answers to look-ups take 400 ms; the first one is not given at all if so wanted. */
  function late(isFirstLost = false): FaultyTokenStore {
    const network = new FaultyTokenStore(slow(shared, { replies: { acquire: 400 } }));
    network.fault = () => (isFirstLost && network.calls.length === 1 ? 'hang' : undefined);
    return network;
  }

  it('is given the token that its process mints meanwhile, and not kept for the answer', async () => {
    const tokens = replica({}, late());
    const hits: string[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override hit = (_integration: string, layer: string): void => void hits.push(layer);
      })(),
    );
    const release = source.hold();
    const minting = accessToken(tokens);
    await pass(390);
    const asking = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(10);
    release();
    await pass(0);
    expect((await asking).accessToken).toBe(await minting);
    expect(hits).toEqual(['waited']);
  });

  it('is not given the token of that answer later, where it was purged meanwhile', async () => {
    const tokens = replica({}, late(true));
    void settled(accessToken(tokens));
    await pass(100);
    await replica().getToken('billing');
    await pass(200);
    const asking = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(storeTimeoutMs - 300);
    expect((await asking).accessToken).toBe('fake-token-2');
    await replica().purge('billing');
    await pass(300);
    const later = accessToken(tokens);
    await pass(400);
    expect(await later).toBe('fake-token-3');
  });

  it('is not given the token in hand that does not serve it, whatever happens meanwhile', async () => {
    const tokens = replica({}, late());
    const other = replica();
    const first = accessToken(tokens);
    await pass(400);
    await first;
    await other.getToken('billing');
    await pass(HARD_EXPIRY / 2);
    const minLifeMs = HARD_EXPIRY / 2 + 1;
    const release = source.hold();
    const minting = other.getToken('billing', {}, { minLifeMs });
    await pass(10);
    const asking = tokens.getToken('billing', {}, { minLifeMs });
    await pass(100);
    release();
    await minting;
    await pass(SECOND);
    expect((await asking).accessToken).toBe('fake-token-2');
  });

  it('leaves a lease to the token that its process minted alone, which the fleet then shares', async () => {
    const tokens = replica({}, late(true));
    const alone = accessToken(tokens);
    await pass(300);
    const asking = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(storeTimeoutMs - 300);
    expect((await asking).accessToken).toBe(await alone);
    await pass(400);
    expect(await accessToken(replica())).toBe(await alone);
    expect(source.calls).toHaveLength(1);
  });

  it('leaves no lease behind when its process shuts down before the answer comes', async () => {
    const tokens = replica({}, late(true));
    void settled(accessToken(tokens));
    await pass(300);
    void settled(tokens.getToken('billing', {}, { minLifeMs: 1 }));
    await pass(storeTimeoutMs - 300);
    const closing = tokens.close();
    await pass(400);
    await closing;
    let isServed = false;
    void accessToken(replica()).then(() => (isServed = true));
    await pass(0);
    expect(isServed).toBe(true);
  });

  it('is not asked for once it is served, though a rejection had to be told first', async () => {
    const replies: Delays = {};
    const network = new FaultyTokenStore(slow(shared, { replies }));
    const tokens = replica({}, network);
    const refused = await tokens.getToken('billing');
    network.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
    await tokens.invalidate(refused);
    network.fault = () => undefined;
    const release = source.hold();
    replies.invalidate = 10;
    const minting = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(5);
    replies.invalidate = 400;
    const asking = accessToken(tokens);
    await pass(5);
    release();
    expect(await asking).toBe((await minting).accessToken);
    await pass(400);
    expect(network.calls.filter((operation) => operation === 'acquire')).toHaveLength(2);
  });

  describe('after a rejection that is told first', () => {
    const replies: Delays = {};
    let network: FaultyTokenStore;
    let tokens: TokenClient;
    let keyId: string;

    /** Holds the successor, and could not tell the store that it reported the token before. */
    beforeEach(async () => {
      network = new FaultyTokenStore(slow(shared, { replies }));
      tokens = replica({ nearCache: false }, network);
      const refused = await tokens.getToken('billing');
      network.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(refused);
      await replica().invalidate(refused);
      ({ keyId } = await replica().getToken('billing'));
      await tokens.peek('billing');
      Object.assign(replies, { invalidate: 300, acquire: 300 });
      network.calls.length = 0;
    });
    afterEach(() => Object.keys(replies).forEach((operation) => delete replies[operation as StoreOperation]));

    it.each<[string, StoreOperation | undefined]>([
      ['answers too late', undefined],
      ['does not answer to it', 'invalidate'],
      ['answers to that alone', 'acquire'],
    ])('waits with a valid token in hand for one call, where the store %s', async (_how, lost) => {
      network.fault = (operation) => (operation === lost ? 'hang' : undefined);
      const asking = accessToken(tokens);
      let isServed = false;
      void asking.then(() => (isServed = true));
      await pass(storeTimeoutMs - 1);
      expect(isServed).toBe(false);
      await pass(1);
      expect(await asking).toBe('fake-token-2');
      await pass(2 * storeTimeoutMs);
      expect(await accessToken(replica())).toBe('fake-token-2');
    });

    it('asks once for a token that another process mints, where none serves it', async () => {
      network.fault = () => undefined;
      await pass(HARD_EXPIRY / 2);
      await shared.acquire(keyId, { nonce: 'other', leaseMs: 3 * SECOND, minTtlMs: HARD_EXPIRY });
      network.calls.length = 0;
      void settled(tokens.getToken('billing', {}, { minLifeMs: HARD_EXPIRY / 2 + 1 }));
      await pass(2 * SECOND);
      expect(network.calls).toEqual(['invalidate', 'acquire']);
    });

    it('leaves no timer behind when the store answers in time', async () => {
      network.fault = () => undefined;
      Object.assign(replies, { invalidate: 1, acquire: 1 });
      const before = jest.getTimerCount();
      const asking = accessToken(tokens);
      await pass(2);
      await asking;
      expect(jest.getTimerCount()).toBe(before);
    });
  });

  it('is not given a token in hand that the store has yet to confirm', async () => {
    const network = late();
    const tokens = replica({ nearCache: false }, network);
    const first = accessToken(tokens);
    await pass(400);
    await first;
    let isServed = false;
    void tokens.getToken('billing').then(() => (isServed = true));
    await pass(10);
    const confirmed = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(380);
    expect(isServed).toBe(false);
    await pass(20);
    await confirmed;
    expect(isServed).toBe(true);
  });
});
