import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, SECOND, settled, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenObserver } from './contract/token-observer.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { TokenClient } from './token-client.js';

it.each<unknown>([undefined, null, {}, { keyId: 7 }])(
  'What is no token of this library cannot be rejected: %p',
  async (token) => {
    const tokens = new TokenClient({ store: new MemoryTokenStore() });
    await expect(tokens.invalidate(token as Token)).rejects.toMatchObject({
      code: 'TOKEN_CONFIG_INVALID',
      message: 'token must be a Token that getToken() gave',
    });
    await tokens.close();
  },
);

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('a rejected token', () => {
    it('is replaced once, however many report it', async () => {
      const [a, b] = [replica(), replica()];
      const old = [await a.getToken('billing'), await b.getToken('billing')] as const;
      const dropped = await Promise.all(
        Array.from({ length: 50 }, () => [a.invalidate(old[0]), b.invalidate(old[1])]).flat(),
      );
      expect(dropped.filter(Boolean)).toHaveLength(1);
      await Promise.all(Array.from({ length: 50 }, () => [a.getToken('billing'), b.getToken('billing')]).flat());
      expect(source.calls).toHaveLength(2);
    });

    it('that an upstream has just accepted is refreshed at once', async () => {
      const tokens = replica();
      const token = await tokens.getToken('billing');
      await tokens.send('billing', {
        send: () => Promise.resolve(200),
        statusOf: (status) => ({ status }),
        canSendAgain: () => true,
        discard: () => {},
      });
      expect(await tokens.invalidate(token)).toBe(false);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('does not take its successor with it when reported late', async () => {
      const [a, b] = [replica(), replica()];
      const old = [await a.getToken('billing'), await b.getToken('billing')] as const;
      await a.invalidate(old[0]);
      const successor = await a.getToken('billing');
      expect(await b.invalidate(old[1])).toBe(false);
      expect((await b.getToken('billing')).accessToken).toBe(successor.accessToken);
    });

    it('leaves the near cache of every replica', async () => {
      const [a, b] = [replica(), replica()];
      await b.getToken('billing');
      await a.invalidate(await a.getToken('billing'));
      await pass(0);
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is not taken again from a store that could not be told', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' ? 'reject' : undefined);
      await tokens.invalidate(token);
      store.fault = () => undefined;
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
      expect((await replica().getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is not taken again from a store that can be read but not written', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      store.fault = (operation) => (operation === 'invalidate' || operation === 'commit' ? 'reject' : undefined);
      await tokens.invalidate(token);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
    });

    it('is not served again when it is reported once more while its commit gets no answer', async () => {
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const tokens = replica({}, store);
      const token = await tokens.getToken('billing');
      expect(await tokens.invalidate(token)).toBe(true);
      expect(await tokens.invalidate(token)).toBe(false);
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('is not served again when that commit ends after another token, rejected as well, took its place', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ rejection: { paceMs: 600, maxPaceMs: 600 } }, store);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const token = await tokens.getToken('billing');
      expect(await tokens.invalidate(token)).toBe(true);
      // The store counts as dead until it answers again.
      await pass(SECOND);
      await tokens.status('billing');
      store.fault = (operation) => (operation === 'commit' ? 'hang' : 'reject');
      const again = settled(tokens.invalidate(token));
      const other = await tokens.getToken('billing');
      expect(other.accessToken).toBe('fake-token-2');
      expect(await tokens.invalidate(other)).toBe(true);
      await pass(SECOND);
      await again;
      expect(await accessToken(tokens)).toBe('fake-token-3');
    });

    it('is not served by its process when the store falls silent after it was told', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      await tokens.invalidate(await tokens.getToken('billing'));
      store.fault = () => 'reject';
      expect(await accessToken(tokens)).toBe('fake-token-2');
    });

    it('is replaced by a process alone though the store, before it fell silent, had replaced the last one for another', async () => {
      const store = silent(shared);
      const tokens = replica({}, store);
      const old = await tokens.getToken('billing');
      const other = replica();
      expect(await other.invalidate(await other.getToken('billing'))).toBe(true);
      expect(await tokens.invalidate(old)).toBe(false);
      const token = await tokens.getToken('billing');
      store.fault = () => 'reject';
      expect(await tokens.invalidate(token)).toBe(true);
      expect(await accessToken(tokens)).toBe('fake-token-3');
    });

    it('that a process does not hold is stale to it while the store is silent, and the one that it holds is served', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      await tokens.getToken('billing');
      await pass(1_000);
      const newer = await replica({}, new MemoryTokenStore()).getToken('billing');
      store.fault = () => 'reject';
      const outcomes: string[] = [];
      tokens.observe(
        new (class extends TokenObserver {
          override rejected = (_integration: string, outcome: string): void => void outcomes.push(outcome);
        })(),
      );
      expect(await tokens.invalidate(newer)).toBe(false);
      expect(outcomes).toEqual(['stale']);
      expect(await accessToken(tokens)).toBe('fake-token-1');
    });

    describe('that its process minted alone, and gave up for one of another process with the same generation,', () => {
      let tokens: TokenClient;
      let own: Token;
      let refuse: () => void;
      let answer: Promise<number>;
      let sent: string[];

      beforeEach(async () => {
        const networks = [1, 2].map(() => new FaultyTokenStore(shared));
        for (const network of networks) network.fault = () => 'reject';
        const processes = networks.map((network) => replica({}, network));
        tokens = processes[1]!;
        const { generation } = await processes[0]!.getToken('billing');
        own = await tokens.getToken('billing');
        expect([own.generation, own.accessToken]).toEqual([generation, 'fake-token-2']);
        sent = [];
        const refused = new Promise<void>((resolve) => (refuse = resolve));
        answer = tokens.send('billing', {
          send: async ({ accessToken }) => {
            sent.push(accessToken);
            if (accessToken === own.accessToken) await refused;
            return accessToken === own.accessToken ? 401 : 200;
          },
          statusOf: (status) => ({ status }),
          canSendAgain: () => true,
          discard: () => {},
        });
        await pass(6_000);
        // While another process mints, both can only offer what they have.
        await shared.acquire(own.keyId, { nonce: 'third', leaseMs: 60_000, minTtlMs: 0 });
        for (const network of networks) network.fault = () => undefined;
        for (const process of processes) {
          await process.getToken('billing');
          await pass(0);
        }
        expect(await accessToken(tokens)).toBe('fake-token-1');
      });

      it('does not take that one with it', async () => {
        expect(await tokens.invalidate(own)).toBe(false);
        expect(await accessToken(tokens)).toBe('fake-token-1');
        expect(await accessToken(replica())).toBe('fake-token-1');
      });

      it('has that one sent in its place when it is refused', async () => {
        refuse();
        await pass(2_000);
        expect(sent).toEqual(['fake-token-2', 'fake-token-1']);
        expect(await answer).toBe(200);
        expect(source.calls).toHaveLength(2);
      });
    });

    it('is kept by the pace of the fleet, also when its commit has no answer yet', async () => {
      const other = replica();
      await other.invalidate(await other.getToken('billing'));
      const store = new FaultyTokenStore(shared);
      store.fault = (operation) => (operation === 'commit' ? 'reject' : undefined);
      const tokens = replica({}, store);
      const fresh = await tokens.getToken('billing');
      store.fault = () => undefined;
      expect(await tokens.invalidate(fresh)).toBe(false);
      expect((await tokens.getToken('billing')).accessToken).toBe(fresh.accessToken);
      expect((await replica().getToken('billing')).accessToken).toBe(fresh.accessToken);
      expect(source.calls).toHaveLength(2);
    });
  });

  it.each([undefined, {}, { integration: 'billing', generation: 1 }])(
    'says that %j is no token that could be invalidated',
    async (foreign) => {
      await expect(replica().invalidate(foreign as unknown as Token)).rejects.toMatchObject({
        code: 'TOKEN_CONFIG_INVALID',
        field: 'token',
      });
    },
  );
});
