import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyIdIn } from '../core/contract/key-group.js';
import { type Acquired, type Lease } from '../core/contract/token-store.js';
import { SqliteTokenStore } from './index.js';

const GROUP = 'billing-keys';
const KEY = keyIdIn(GROUP, 'one key');
const HOUR = 3_600_000;
const ATTEMPT = { nonce: 'one', leaseMs: HOUR, minTtlMs: 0 };

type Use = (store: SqliteTokenStore) => Promise<unknown>;

async function leaseOf(store: SqliteTokenStore): Promise<Lease> {
  const { lease } = (await store.acquire(KEY, ATTEMPT)) as Extract<Acquired, { outcome: 'lease' }>;
  return lease;
}

async function publish(store: SqliteTokenStore): Promise<number> {
  const lease = await leaseOf(store);
  await store.commit(KEY, lease, 'a token', HOUR);
  return lease.fence;
}

describe('The version of a SqliteTokenStore', () => {
  let folder: string;
  let watching: SqliteTokenStore;
  let other: SqliteTokenStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-version-'));
    const path = join(folder, 'tokens.db');
    [watching, other] = [new SqliteTokenStore({ path }), new SqliteTokenStore({ path })];
  });

  afterEach(async () => {
    await Promise.all([watching.close(), other.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Each change, and what it needs to have been done before. */
  const CHANGES: readonly [string, (store: SqliteTokenStore) => Promise<Use> | Use][] = [
    ['a lease', () => leaseOf],
    ['the renewal of a lease', async (store) => renewalOf(await leaseOf(store))],
    ['a commit', async (store) => commitOf(await leaseOf(store))],
    ['a failure', async (store) => failureOf(await leaseOf(store))],
    ['an offer', () => (store) => store.offer(KEY, 1, 'a token', HOUR)],
    ['a rejection', async (store) => rejectionOf(await publish(store))],
    ['the purge of the key', () => (store) => store.purge(KEY)],
    ['the purge of its group', () => (store) => store.purgeGroup(GROUP)],
  ];

  describe.each(CHANGES)('is another one after %s', (_, prepare) => {
    it.each([
      ['the same connection', () => watching],
      ['another one', () => other],
    ])('by %s', async (_by, connection) => {
      const writer = connection();
      const change = await prepare(writer);
      const before = watching.version();
      await change(writer);
      expect(watching.version()).not.toBe(before);
    });
  });

  it.each<[string, Use]>([
    ['a hit', (store) => store.acquire(KEY, ATTEMPT)],
    ['a look at what is there', (store) => store.peek(KEY)],
  ])('is the same one after %s', async (_, read) => {
    await publish(watching);
    const before = watching.version();
    await read(watching);
    await read(other);
    expect(watching.version()).toBe(before);
  });

  it('cannot be told once the store is closed', async () => {
    expect(watching.version()).toEqual(expect.any(Number));
    await watching.close();
    expect(watching.version()).toBeUndefined();
  });
});

function renewalOf(lease: Lease): Use {
  return (store) => store.renew(KEY, lease);
}

function commitOf(lease: Lease): Use {
  return (store) => store.commit(KEY, lease, 'a token', HOUR);
}

function failureOf(lease: Lease): Use {
  return (store) => store.fail(KEY, lease, { remainingMs: HOUR, error: 'no' });
}

function rejectionOf(generation: number): Use {
  return (store) => store.invalidate(KEY, { generation, paceMs: 1, maxPaceMs: 1, isContested: false });
}
