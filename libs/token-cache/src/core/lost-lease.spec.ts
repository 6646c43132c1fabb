import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  type Fleet,
  pass,
  REFRESH_AT,
  SECOND,
  settled,
  silent,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { TokenObserver } from './contract/token-observer.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

const LEASE_MS = 3_000;
/** How long ago its source was asked when a test begins. */
const ASKED_AGO_MS = LEASE_MS + 10;

describe('A process that lost its lease while it minted', () => {
  let shared: MemoryTokenStore;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let network: FaultyTokenStore;
  /** Of the process that loses its lease; its tokens are those of the other source, as are their keys. */
  let slow: FakeTokenSource;
  let answer: () => void;
  let holder: TokenClient;
  let source: FakeTokenSource;
  let other: TokenClient;
  let waiting: Promise<PromiseSettledResult<Token>>;
  let hasLanded: boolean;

  beforeEach(async () => {
    ({ shared, source, replica, stop } = startFleet());
    network = new FaultyTokenStore(shared);
    slow = new FakeTokenSource();
    answer = slow.hold();
    holder = replica({ leaseMs: LEASE_MS, integrations: { billing: { source: slow } } }, network);
    other = replica({ leaseMs: LEASE_MS });
    hasLanded = false;
    waiting = settled(holder.getToken('billing'));
    void waiting.then(() => (hasLanded = true));
    await pass(10);
    network.fault = (operation) => (operation === 'renew' ? 'hang' : undefined);
    await pass(ASKED_AGO_MS - 10);
  });
  afterEach(async () => {
    answer();
    await stop();
  });

  /** The store answers the next renewal. */
  async function hearsOfIt(): Promise<void> {
    network.fault = () => undefined;
    await pass(LEASE_MS / 3);
  }

  const generationOf = (landed: PromiseSettledResult<Token>): number | undefined =>
    landed.status === 'fulfilled' ? landed.value.generation : undefined;

  it('goes on with the lease when no other took it, and serves its token', async () => {
    await hearsOfIt();
    answer();
    expect(generationOf(await waiting)).toBe((await other.getToken('billing')).generation);
    expect([slow.calls.length, source.calls.length]).toEqual([1, 0]);
  });

  it('goes on with the lease when the store grants it again after it had called it lost, and asks once', async () => {
    await hearsOfIt();
    jest.spyOn(shared, 'renew').mockResolvedValueOnce(false);
    network.calls.length = 0;
    // What asks again and again must end.
    network.fault = () => (network.calls.length > 20 ? 'hang' : undefined);
    await pass(LEASE_MS);
    expect(network.calls).toEqual(['renew', 'acquire', 'renew', 'renew', 'renew']);
    answer();
    expect(generationOf(await waiting)).toBe((await other.getToken('billing')).generation);
    expect([slow.calls.length, source.calls.length]).toEqual([1, 0]);
  });

  it('goes on to commit a token that was rejected meanwhile, and does not give it out again', async () => {
    let commits = 0;
    let decline = (): void => {};
    const declined = new Promise<void>((resolve) => (decline = resolve));
    network.fault = (operation) => (operation === 'commit' && ++commits === 1 ? 'hang' : undefined);
    jest.spyOn(shared, 'commit').mockImplementationOnce(() => declined.then(() => ({ outcome: 'superseded' })));
    answer();
    await pass(0);
    // Another call of the process is granted the next lease.
    void settled(holder.getToken('billing', undefined, { minLifeMs: 1 }));
    await pass(500);
    expect(commits).toBe(2);
    const token = await holder.getToken('billing');
    expect(await holder.invalidate(token)).toBe(true);
    const next = holder.getToken('billing');
    decline();
    await pass(LEASE_MS);
    expect((await next).accessToken).not.toBe(token.accessToken);
    expect((await holder.getToken('billing')).accessToken).not.toBe(token.accessToken);
  });

  it('gives its callers the token of the fleet as soon as it hears of that, though its own mint is not over', async () => {
    const { generation } = await other.getToken('billing');
    expect(hasLanded).toBe(false);
    await hearsOfIt();
    expect(generationOf(await waiting)).toBe(generation);
    expect(slow.calls[0]?.context.signal.aborted).toBe(false);
  });

  it('gives its callers the token of the fleet at once when the store announces it', async () => {
    const release = source.hold();
    const minting = other.getToken('billing');
    const third = replica().getToken('billing');
    await pass(10);
    release();
    await pass(0);
    const { generation } = await minting;
    expect(generationOf(await waiting)).toBe(generation);
    expect((await third).generation).toBe(generation);
  });

  it('waits for the mint of the other process when it hears of that first', async () => {
    const release = source.hold();
    const minting = other.getToken('billing');
    await hearsOfIt();
    expect(hasLanded).toBe(false);
    release();
    await pass(0);
    expect(generationOf(await waiting)).toBe((await minting).generation);
  });

  describe.each([
    ['after it heard that the lease is lost', true],
    ['before it heard that the lease is lost', false],
  ])('and whose mint fails %s', (_when, isHeard) => {
    beforeEach(() => (slow.failure = new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' })));

    it('gives its callers the token of the fleet and no error', async () => {
      const { generation } = await other.getToken('billing');
      if (isHeard) await hearsOfIt();
      answer();
      await pass(0);
      expect(generationOf(await waiting)).toBe(generation);
    });

    it('lets its callers wait for the mint of the other process', async () => {
      const release = source.hold();
      const minting = other.getToken('billing');
      await pass(10);
      if (isHeard) await hearsOfIt();
      answer();
      await pass(100);
      expect(hasLanded).toBe(false);
      release();
      await pass(0);
      expect(generationOf(await waiting)).toBe((await minting).generation);
    });

    it('begins no cool-down', async () => {
      await other.getToken('billing');
      if (isHeard) await hearsOfIt();
      answer();
      await waiting;
      expect((await other.status('billing')).coolingMs).toBeUndefined();
    });
  });

  it.each([
    ['keeps its own token for itself when that of the fleet ends sooner by more than a refresh window', -1, 'local'],
    ['takes the token of the fleet when that ends sooner by a refresh window', 0, 'superseded'],
  ])('%s', async (_what, moreMs, outcome) => {
    const elsewhere = new MemoryTokenStore();
    const { keyId } = await replica({}, elsewhere).getToken('billing');
    const { payload } = (await elsewhere.peek(keyId)).token!;
    const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: LEASE_MS, minTtlMs: 0 });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    const ttlMs = REFRESH_AT - ASKED_AGO_MS + moreMs;
    await shared.commit(keyId, acquired.lease, payload.replace('fake-token-1', 'of-the-fleet'), ttlMs);
    const outcomes: string[] = [];
    holder.observe(
      new (class extends TokenObserver {
        override minted = (_integration: string, mint: { outcome: string }): void => void outcomes.push(mint.outcome);
      })(),
    );
    answer();
    await waiting;
    expect(outcomes).toEqual([outcome]);
    expect(await accessToken(holder)).toBe(outcome === 'local' ? 'fake-token-1' : 'of-the-fleet');
  });

  it('never overwrites the token of the fleet with its own', async () => {
    const { generation, keyId } = await other.getToken('billing');
    await hearsOfIt();
    answer();
    await pass(SECOND);
    expect((await shared.peek(keyId)).token?.fence).toBe(generation);
  });

  describe('to one whose source throttled it', () => {
    beforeEach(async () => {
      source.failure = new TokenSourceUnavailableError('busy', { retryAfterMs: 20 * SECOND });
      expect(await settled(other.getToken('billing'))).toMatchObject({ reason: { retryAfterMs: 20 * SECOND } });
      network.fault = () => undefined;
    });

    it('gives its callers the token that it got', async () => {
      answer();
      await pass(0);
      expect(await waiting).toMatchObject({ status: 'fulfilled', value: { accessToken: 'fake-token-1' } });
    });

    it('shares it with the fleet, whose callers are served during the cool-down', async () => {
      answer();
      await pass(SECOND);
      await holder.getToken('billing');
      await pass(SECOND);
      for (const tokens of [other, replica(), replica({}, silent(shared))]) {
        expect(await accessToken(tokens)).toBe('fake-token-1');
      }
      expect([slow.calls.length, source.calls.length]).toEqual([1, 1]);
    });
  });
});
