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
import { TokenObserver } from './contract/token-observer.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

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
