import { inspect } from 'node:util';
import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, silent, startFleet } from '../testing/fleet.spec-support.js';
import { TokenObserver } from './contract/token-observer.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('TokenClient', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('the store', () => {
    it('is said to answer, or not', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({}, store);
      const called: unknown[] = [];
      tokens.observe(
        new (class extends TokenObserver {
          override storeCalled(operation: string, _durationMs: number, failed: boolean): void {
            called.push([operation, failed]);
          }
        })(),
      );
      expect(await tokens.storeAvailable()).toBe(true);
      store.fault = () => 'reject';
      expect(await tokens.storeAvailable()).toBe(false);
      expect(called).toEqual([
        ['ping', false],
        ['ping', true],
      ]);
    });

    it('can be done without, unless policy says otherwise', () => {
      expect(replica().canMintWithoutStore('billing')).toBe(true);
      expect(replica({ whenStoreUnavailable: 'fail' }).canMintWithoutStore('billing')).toBe(false);
    });

    it('is not needed to see what is in hand', async () => {
      const store = new FaultyTokenStore(shared);
      const tokens = replica({ nearCache: false }, store);
      await tokens.getToken('billing');
      store.fault = () => 'reject';
      expect((await tokens.peek('billing'))?.accessToken).toBe('fake-token-1');
      expect(await tokens.status('billing')).toMatchObject({ state: 'valid' });
      expect(inspect(tokens['parts'].storeEvents, { depth: 1 })).toContain('watches: Map(0) {}');
    });

    it('may have a token that cannot be read beside our own', async () => {
      const tokens = replica({ nearCache: false });
      const { keyId } = await tokens.getToken('billing');
      await shared.purge(keyId);
      await tokens.getToken('billing');
      const acquired = await shared.acquire(keyId, { nonce: 'other', leaseMs: 1_000, minTtlMs: 2 * 3_600_000 });
      if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
      await shared.commit(keyId, acquired.lease, 'gibberish', 60_000);
      expect((await tokens.peek('billing'))?.accessToken).toBe('fake-token-2');
    });
  });

  describe('without events', () => {
    it('sees a token that another replica mints while it waits', async () => {
      const release = source.hold();
      const both = Promise.all([
        replica({}, silent(shared)).getToken('billing'),
        replica({}, silent(shared)).getToken('billing'),
      ]);
      await pass(1_000);
      release();
      await pass(300);
      expect(new Set((await both).map((token) => token.accessToken)).size).toBe(1);
      expect(source.calls).toHaveLength(1);
    });

    it('never serves a token that another replica invalidated', async () => {
      const [a, b] = [replica({}, silent(shared)), replica({}, silent(shared))];
      await b.getToken('billing');
      await a.invalidate(await a.getToken('billing'));
      expect((await b.getToken('billing')).accessToken).toBe('fake-token-2');
    });
  });

  describe('an unreadable payload', () => {
    it('is replaced, counted, and never a bearer', async () => {
      const unreadable: string[] = [];
      const key = Buffer.alloc(32, 1);
      await replica({ encryption: { keys: [{ id: 'theirs', key: Buffer.alloc(32, 2) }] } }).getToken('billing');
      const tokens = replica({ encryption: { keys: [{ id: 'ours', key }] } });
      tokens.observe(
        new (class extends TokenObserver {
          override unreadable(integration: string): void {
            unreadable.push(integration);
          }
        })(),
      );
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-2');
      expect(unreadable).toEqual(['billing']);
    });
  });
});
