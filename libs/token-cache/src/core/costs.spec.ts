import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, REFRESH_AT, SECOND, settled, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

describe('The store is called', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let network: FaultyTokenStore;
  let tokens: TokenClient;

  beforeEach(() => {
    ({ shared, source, replica, stop } = startFleet());
    network = new FaultyTokenStore(shared);
    tokens = replica({}, network);
  });
  afterEach(() => stop());

  const callers = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => settled(tokens.getToken('billing'))));

  it('not at all for a token in hand', async () => {
    await tokens.getToken('billing');
    network.calls.length = 0;
    for (let call = 0; call < 1_000; call++) await tokens.getToken('billing');
    expect(network.calls).toEqual([]);
  });

  it('once for a token for which there is no more room in hand', async () => {
    tokens = replica({ nearCache: { maxEntries: 2 } }, network);
    for (const tenant of ['a', 'b', 'c']) await tokens.getToken('billing', { tenant });
    network.calls.length = 0;
    for (const tenant of ['c', 'b', 'a']) await tokens.getToken('billing', { tenant });
    expect(network.calls).toEqual(['acquire']);
  });

  it('once for a token that another process has shared', async () => {
    await replica().getToken('billing');
    await callers(200);
    expect(network.calls).toEqual(['acquire']);
  });

  it('twice for a mint, however many wait for it', async () => {
    const release = source.hold();
    const waiting = callers(200);
    await pass(100);
    release();
    await waiting;
    expect(network.calls).toEqual(['acquire', 'commit']);
  });

  it('once more for each third of a lease that a mint takes', async () => {
    const release = source.hold();
    const waiting = callers(200);
    await pass(3_500);
    release();
    await waiting;
    expect(network.calls).toEqual(['acquire', 'renew', 'renew', 'renew', 'commit']);
  });

  it.each([
    ['twice for 200 that wait for another process', 2 * SECOND, 2],
    ['once more each time that its lease would have ended', 5 * SECOND, 4],
  ])('%s', async (_how, mintMs, calls) => {
    const release = source.hold();
    const minting = replica().getToken('billing');
    await pass(10);
    const waiting = callers(200);
    await pass(mintMs);
    release();
    await minting;
    await waiting;
    expect(network.calls).toEqual(Array(calls).fill('acquire'));
  });

  it('at most four times a second, and a little more at first, for 200 that wait without events', async () => {
    tokens = replica({}, (network = silent(shared)));
    const release = source.hold();
    const minting = replica().getToken('billing');
    await pass(10);
    const waiting = callers(200);
    await pass(8 * SECOND);
    expect(network.calls.length).toBeLessThanOrEqual(35);
    release();
    await minting;
    await pass(SECOND);
    await waiting;
  });

  it('twice for a refresh, and not at all by its callers', async () => {
    await tokens.getToken('billing');
    await pass(REFRESH_AT);
    network.calls.length = 0;
    await callers(200);
    await pass(0);
    await callers(200);
    expect(network.calls).toEqual(['acquire', 'commit']);
  });

  it('three times for a rejected token, however many report it together', async () => {
    const rejected = await tokens.getToken('billing');
    network.calls.length = 0;
    await Promise.all(Array.from({ length: 50 }, () => tokens.invalidate(rejected)));
    await callers(50);
    expect(network.calls).toEqual(['invalidate', 'acquire', 'commit']);
  });

  it('once a second for a cool-down, by 40 callers that ask again and again', async () => {
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
    await callers(1);
    network.calls.length = 0;
    for (let passed = 0; passed < 4 * SECOND; passed += 25) {
      await callers(40);
      await pass(25);
    }
    expect(network.calls.length).toBeLessThanOrEqual(4);
    expect(source.calls).toHaveLength(1);
  });

  it('once a second for the cool-down of another process', async () => {
    source.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' });
    await settled(replica().getToken('billing'));
    for (let passed = 0; passed < 4 * SECOND; passed += 25) {
      await callers(40);
      await pass(25);
    }
    expect(network.calls).toEqual(Array(4).fill('acquire'));
  });

  it('once a second while it does not answer', async () => {
    network.fault = () => 'reject';
    tokens = replica({ whenStoreUnavailable: 'fail' }, network);
    await callers(1);
    await callers(1);
    await callers(1);
    network.calls.length = 0;
    for (let passed = 0; passed < 4 * SECOND; passed += 25) {
      await callers(40);
      await pass(25);
    }
    expect(network.calls.length).toBeLessThanOrEqual(4);
  });
});
