import { Chance } from '@mintonce/test-support/chance';
import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import {
  accessToken,
  channelled,
  type Fleet,
  HARD_EXPIRY,
  HOUR,
  pass,
  REFRESH_AT,
  SECOND,
  settled,
  silent,
  slow,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { tokenSource } from './contract/token-source.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { type TokenClient } from './token-client.js';

describe('An outage of the store', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  /** Has every process asked, whose callers must be served before any time passes. */
  async function expectServedAtOnce(processes: TokenClient[]): Promise<void> {
    let served = 0;
    for (const tokens of processes) {
      void settled(tokens.getToken('billing')).then(({ status }) => (served += status === 'fulfilled' ? 1 : 0));
    }
    await pass(0);
    expect(served).toBe(processes.length);
  }

  describe('after which it is back empty', () => {
    let networks: FaultyTokenStore[];
    let fleet: TokenClient[];
    let cold: TokenClient;

    beforeEach(async () => {
      networks = [1, 2, 3].map(() => new FaultyTokenStore(shared));
      fleet = networks.map((network) => replica({ nearCache: false }, network));
      for (const tokens of fleet) await tokens.getToken('billing');
      await pass(SECOND);
      const empty = new MemoryTokenStore();
      for (const network of networks) Object.assign(network, { inner: empty });
      cold = replica({ nearCache: false }, empty);
    });

    it('leaves nobody without a token though a process that has none is throttled by the provider', async () => {
      source.failure = new TokenSourceUnavailableError('429', { retryAfterMs: HOUR });
      expect(await settled(cold.getToken('billing'))).toMatchObject({ reason: { retryAfterMs: HOUR } });
      await expectServedAtOnce(fleet);
      await pass(SECOND);
      expect(await accessToken(cold)).toBe('fake-token-1');
      expect(source.calls).toHaveLength(2);
    });

    it('lets nobody wait though a process that has none mints slowly, and serves that process as well', async () => {
      const release = source.hold();
      const waiting = cold.getToken('billing');
      await pass(SECOND);
      await expectServedAtOnce(fleet);
      await pass(0);
      expect(await accessToken(replica())).toBe('fake-token-1');
      release();
      expect((await waiting).accessToken).toMatch(/^fake-token-[12]$/);
      await expectServedAtOnce(fleet);
    });

    it('between lease and commit costs no second mint', async () => {
      const network = new FaultyTokenStore(shared);
      const tokens = replica({}, network);
      const { keyId } = await tokens.getToken('billing');
      await shared.purge(keyId);
      const release = source.hold();
      const minting = tokens.getToken('billing');
      await pass(5 * SECOND);
      const empty = new MemoryTokenStore();
      Object.assign(network, { inner: empty });
      release();
      const minted = await minting;
      for (let second = 0; second < 5; second++) {
        expect(await accessToken(tokens)).toBe(minted.accessToken);
        await pass(SECOND);
      }
      expect(await accessToken(replica({}, empty))).toBe(minted.accessToken);
      expect(source.calls).toHaveLength(2);
    });
  });

  it('ends with one token for all processes that minted alone, and without a mint', async () => {
    const networks = [1, 2, 3, 4].map(() => new FaultyTokenStore(shared));
    for (const network of networks) network.fault = () => 'reject';
    const fleet = networks.map((network) => replica({}, network));
    for (const tokens of fleet) {
      await tokens.getToken('billing');
      await pass(SECOND);
    }
    for (const network of networks) network.fault = () => undefined;
    for (let second = 0; second < 5; second++) {
      for (const tokens of fleet) await tokens.getToken('billing');
      await pass(SECOND);
    }
    const given = await Promise.all(fleet.map((tokens) => accessToken(tokens)));
    expect(new Set(given).size).toBe(1);
    expect(source.calls).toHaveLength(fleet.length);
  });

  it('ends with one token for all, though one offers its own while another is minting', async () => {
    const networks = [new FaultyTokenStore(shared), new FaultyTokenStore(shared)];
    for (const network of networks) network.fault = () => 'reject';
    const cutOff = networks.map((network) => replica({}, network));
    for (const tokens of cutOff) await tokens.getToken('billing');
    const release = source.hold();
    await pass(SECOND);
    const minting = replica();
    const first = minting.getToken('billing');
    await pass(0);
    for (const network of networks) network.fault = () => undefined;
    for (let second = 0; second < 5; second++) {
      for (const tokens of cutOff) await tokens.getToken('billing');
      await pass(SECOND);
    }
    expect((await first).accessToken).toMatch(/^fake-token-[12]$/);
    release();
    await pass(0);
    const fleet = [minting, ...cutOff];
    for (const network of networks) network.calls.length = 0;
    const atOnce = await Promise.all(fleet.map((tokens) => accessToken(tokens)));
    expect(atOnce.slice(1)).toEqual([atOnce[1], atOnce[1]]);
    await pass(0);
    for (const tokens of fleet) expect(await accessToken(tokens)).toBe('fake-token-3');
    for (const network of networks) expect(network.calls).toEqual(['peek']);
    expect(source.calls).toHaveLength(3);
  });

  it('costs one mint for each key and no more, with more keys than the near cache holds', async () => {
    const keys = Array.from({ length: 1_050 }, (_, i) => ({ tenant: `tenant-${i}` }));
    const network = new FaultyTokenStore(shared);
    network.fault = () => 'reject';
    const tokens = replica({ nearCache: { maxEntries: 1_000 } }, network);
    for (let round = 0; round < 2; round++) {
      for (const key of keys) await tokens.getToken('billing', key);
      expect(source.calls).toHaveLength(keys.length);
    }
  });

  it('brings no rejected token back, with more keys than the near cache holds', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => ({ tenant: `tenant-${i}` }));
    const network = new FaultyTokenStore(shared);
    const tokens = replica({ nearCache: { maxEntries: 10 } }, network);
    const rejected = await Promise.all(keys.map((key) => tokens.getToken('billing', key)));
    network.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
    await Promise.all(rejected.map((token) => tokens.invalidate(token)));
    network.fault = () => undefined;
    const next = await Promise.all(keys.map((key) => tokens.getToken('billing', key)));
    const refused = new Set(rejected.map((token) => token.accessToken));
    expect(next.filter((token) => refused.has(token.accessToken))).toEqual([]);
  });

  describe('that loses a commit', () => {
    it.each(['reject', 'hang', 'lose-reply'] as const)(
      'has it sent again without a caller, and the fleet has the token (%s)',
      async (fault) => {
        const network = new FaultyTokenStore(shared);
        network.fault = (operation) => (operation === 'commit' ? fault : undefined);
        const first = replica({}, network).getToken('billing');
        await pass(SECOND);
        const { generation } = await first;
        network.fault = () => undefined;
        await pass(2 * SECOND);
        expect((await replica().getToken('billing')).generation).toBe(generation);
        expect(source.calls).toHaveLength(1);
      },
    );

    it('has it sent again after the lease lapsed, for as long as the token lives', async () => {
      const network = new FaultyTokenStore(shared);
      network.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      await replica({}, network).getToken('billing');
      await pass(300 * SECOND);
      network.fault = () => undefined;
      await pass(SECOND);
      expect(await accessToken(replica())).toBe('fake-token-1');
    });

    it.each([1, 2, 3])('costs no mint for 400 keys while one call in ten is lost at random (seed %i)', async (seed) => {
      const chance = new Chance(seed);
      const keys = Array.from({ length: 400 }, (_, i) => ({ tenant: `tenant-${i}` }));
      const network = new FaultyTokenStore(shared);
      network.fault = (operation) => {
        if (operation === 'acquire' || !chance.happens(0.1)) return undefined;
        return chance.pick(['reject', 'lose-reply'] as const);
      };
      const tokens = replica({ maxOpenMints: keys.length }, network);
      const first = Promise.all(keys.map((key) => tokens.getToken('billing', key)));
      await pass(5 * SECOND);
      await first;
      const other = replica();
      await Promise.all(keys.map((key) => other.getToken('billing', key)));
      expect(source.calls).toHaveLength(keys.length);
    });
  });

  describe('at the end of a token', () => {
    const PROCESSES = 12;

    it.each([1, 2, 3])('spreads the mints of the processes, and lets no caller wait (seed %i)', async (seed) => {
      const chance = new Chance(seed);
      const startedAt = performance.now();
      const askedAt: number[] = [];
      const slow = tokenSource('slow', async () => {
        askedAt.push(performance.now() - startedAt);
        await new Promise((resolve) => setTimeout(resolve, SECOND));
        return { accessToken: `token-${askedAt.length}`, expiresInMs: HOUR };
      });
      const integrations = { billing: { source: slow } };
      const networks = Array.from({ length: PROCESSES }, () => new FaultyTokenStore(shared));
      const fleet = networks.map((network) => replica({ random: chance.fork().random, integrations }, network));
      // Without jitter, so that the window is known.
      const first = replica({ integrations }).getToken('billing');
      await pass(SECOND);
      await first;
      for (const tokens of fleet) await tokens.getToken('billing');
      await pass(REFRESH_AT - SECOND);
      for (const network of networks) network.fault = () => 'reject';
      for (let passed = REFRESH_AT; passed < HARD_EXPIRY + 10 * SECOND; passed += 5 * SECOND) {
        await expectServedAtOnce(fleet);
        await pass(5 * SECOND);
      }
      const alone = askedAt.slice(1);
      expect(alone).toHaveLength(PROCESSES);
      expect(Math.min(...alone)).toBeGreaterThanOrEqual(REFRESH_AT);
      expect(Math.max(...alone)).toBeLessThan(HARD_EXPIRY);
      const tenths = alone.map((at) => Math.floor((at - REFRESH_AT) / (30 * SECOND)));
      expect(new Set(tenths).size).toBeGreaterThanOrEqual(5);
    });
  });

  describe('of one process', () => {
    it('does not bring a token back that was purged meanwhile, whichever lives longer', async () => {
      const network = channelled(shared);
      network.fault = () => 'reject';
      const cutOff = replica({}, network);
      expect(await accessToken(cutOff)).toBe('fake-token-1');
      const other = replica();
      await other.purge('billing');
      source.answer = { expiresInMs: 60 * SECOND };
      expect(await accessToken(other)).toBe('fake-token-2');
      network.fault = () => undefined;
      network.up();
      await pass(2 * SECOND);
      await cutOff.getToken('billing');
      await pass(2 * SECOND);
      for (const tokens of [other, replica(), cutOff]) expect(await accessToken(tokens)).not.toBe('fake-token-1');
      await pass(60 * SECOND);
      for (const tokens of [other, replica(), cutOff]) expect(await accessToken(tokens)).not.toBe('fake-token-1');
    });

    it('does not bring a token back that was purged while it was offered, and serves it no more', async () => {
      const network = silent(shared);
      network.fault = () => 'reject';
      const cutOff = replica({}, slow(network, { requests: { offer: 100 } }));
      await cutOff.getToken('billing');
      source.failure = new TokenSourceUnavailableError('429', { retryAfterMs: HOUR });
      await settled(replica().getToken('billing'));
      network.fault = () => undefined;
      await pass(SECOND);
      await cutOff.getToken('billing');
      await pass(50);
      delete source.failure;
      const other = replica();
      await other.purge('billing');
      // It is deaf, and may believe in the cool-down for a second.
      await pass(SECOND);
      expect(await accessToken(cutOff)).not.toBe('fake-token-1');
      expect(await accessToken(other)).not.toBe('fake-token-1');
    });

    it('brings the token of that process to the fleet when nothing was purged, if it lives longer', async () => {
      const network = new FaultyTokenStore(shared);
      network.fault = () => 'reject';
      const cutOff = replica({}, network);
      await cutOff.getToken('billing');
      source.answer = { expiresInMs: 60 * SECOND };
      expect(await accessToken(replica())).toBe('fake-token-2');
      network.fault = () => undefined;
      await pass(2 * SECOND);
      await cutOff.getToken('billing');
      await pass(0);
      expect(await accessToken(replica())).toBe('fake-token-1');
    });
  });
});
