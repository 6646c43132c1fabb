import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  type Fleet,
  HARD_EXPIRY,
  pass,
  settled,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { DEFAULT_POLICY } from './config/policy.js';
import { type TokenStore } from './contract/token-store.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

const { leaseMs, storeTimeoutMs } = DEFAULT_POLICY;
const TOO_LATE_MS = storeTimeoutMs + 200;

describe('A lease whose grant its process does not hear', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => {
    ({ shared, source, replica, stop } = startFleet());
  });
  afterEach(() => stop());

  /** What `network` executes is not heard of. */
  function deaf(): FaultyTokenStore {
    const network = new FaultyTokenStore(shared);
    network.fault = () => 'lose-reply';
    return network;
  }

  /** A process that was granted a lease unheard `leaseMs - leftMs` ago, holds no token, and hears the store again. */
  async function processWithLease(leftMs: number, inner: TokenStore = shared): Promise<TokenClient> {
    const network = new FaultyTokenStore(inner);
    network.fault = () => 'lose-reply';
    const tokens = replica({ whenStoreUnavailable: 'fail' }, network);
    void settled(tokens.getToken('billing'));
    await pass(leaseMs - leftMs);
    network.fault = () => undefined;
    return tokens;
  }

  it.each<[string, () => TokenStore]>([
    ['are lost', deaf],
    ['come too late', () => slow(shared, { replies: { acquire: TOO_LATE_MS, offer: TOO_LATE_MS } })],
  ])('ends in time for others, though the process asks again and again and all answers %s', async (_how, link) => {
    const sick = replica({}, link());
    for (let ms = 0; ms < leaseMs - 100; ms += 50) {
      void settled(sick.getToken('billing'));
      await pass(50);
    }
    let isServed = false;
    void replica()
      .getToken('billing')
      .then(() => (isServed = true));
    await pass(100);
    expect(isServed).toBe(true);
  });

  it('is renewed before its process mints under it, however little is left of it', async () => {
    const holder = await processWithLease(5);
    const release = source.hold();
    const minting = accessToken(holder);
    await pass(0);
    const waiting = accessToken(replica());
    await pass(leaseMs / 4);
    release();
    expect(await minting).toBe(await waiting);
    expect(source.calls).toHaveLength(1);
  });

  it('is left to the process that took it over while its own heard of it', async () => {
    const holder = await processWithLease(5, slow(shared, { replies: { acquire: 20 } }));
    const heard = accessToken(holder);
    const other = accessToken(replica());
    await pass(100);
    expect(await heard).toBe(await other);
    expect(source.calls).toHaveLength(1);
  });

  it('is left to the mint of its process, where that renews it', async () => {
    const network = new FaultyTokenStore(shared);
    const tokens = replica({}, network);
    const release = source.hold();
    const minting = accessToken(tokens);
    await pass(5);
    const joining = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(5);
    release();
    expect((await joining).accessToken).toBe(await minting);
    expect(network.calls).toEqual(['acquire', 'acquire', 'commit']);
  });

  it('is not asked about again where its mint has ended before the answer came', async () => {
    const network = new FaultyTokenStore(slow(shared, { replies: { acquire: 20 } }));
    const tokens = replica({}, network);
    const release = source.hold();
    const minting = accessToken(tokens);
    await pass(25);
    const late = tokens.getToken('billing', {}, { minLifeMs: 1 });
    await pass(5);
    release();
    expect((await settled(pass(20).then(() => late))).status).toBe('fulfilled');
    expect((await late).accessToken).toBe(await minting);
    expect(network.calls).toEqual(['acquire', 'acquire', 'commit']);
  });

  it('is not minted under while other work of its process gives it up', async () => {
    const first = await accessToken(replica());
    await pass(HARD_EXPIRY / 2);
    const link = slow(shared, { replies: { acquire: 5 }, requests: { fail: 20 } });
    const tokens = replica({ nearCache: false }, link);
    const release = source.hold();
    void settled(tokens.getToken('billing', {}, { minLifeMs: HARD_EXPIRY })); // no token lives for as long
    await pass(6);
    const forLong = (process: TokenClient) => process.getToken('billing', {}, { minLifeMs: 0.6 * HARD_EXPIRY });
    const here = forLong(tokens);
    await pass(50);
    const there = forLong(replica());
    await pass(50);
    release();
    const [one, other] = await Promise.all([here, there]);
    expect(one.accessToken).toBe(other.accessToken);
    expect(one.accessToken).not.toBe(first);
    expect(source.calls).toHaveLength(2);
  });
});
