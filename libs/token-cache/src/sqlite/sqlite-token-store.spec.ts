import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { type Lease, type Rejection } from '../core/contract/token-store.js';
import { describeTokenStore } from '../testing/token-store-contract.js';
import { SqliteTokenStore } from './index.js';

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-store-'));
  return { path: join(folder, 'tokens.db'), folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

describeTokenStore(
  'SqliteTokenStore',
  () => {
    const { path, dispose } = temporaryFolder();
    return { open: () => new SqliteTokenStore({ path }), dispose };
  },
  { events: false, version: true },
);

describe('SqliteTokenStore', () => {
  const attempt = { nonce: 'a', leaseMs: 3_000, minTtlMs: 0 };
  const opened: SqliteTokenStore[] = [];
  let temporary: ReturnType<typeof temporaryFolder>;

  beforeEach(() => {
    temporary = temporaryFolder();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(opened.splice(0).map((store) => store.close()));
    temporary.dispose();
  });

  function open(options: { path?: string; namespace?: string } = {}): SqliteTokenStore {
    const store = new SqliteTokenStore({ path: temporary.path, ...options });
    opened.push(store);
    return store;
  }

  async function leaseOf(store: SqliteTokenStore, keyId = 'key'): Promise<Lease> {
    const answer = await store.acquire(keyId, { ...attempt, minTtlMs: Number.MAX_SAFE_INTEGER });
    if (answer.outcome !== 'lease') throw new Error(`no lease but ${answer.outcome}`);
    return answer.lease;
  }

  function reject(store: SqliteTokenStore, { fence }: Lease, paceMs: number) {
    const rejection: Rejection = { generation: fence, paceMs, maxPaceMs: 10 * paceMs, isContested: false };
    return store.invalidate('key', rejection);
  }

  describe('keeps its file private', () => {
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

    it('with its companion files, under any umask', async () => {
      const umask = process.umask(0);
      try {
        const path = join(temporary.folder, 'made', 'here', 'tokens.db');
        const store = open({ path });
        await store.commit('key', await leaseOf(store), 'payload', 60_000);
        expect(modeOf(join(temporary.folder, 'made'))).toBe('700');
        expect(modeOf(join(temporary.folder, 'made', 'here'))).toBe('700');
        const files = readdirSync(join(path, '..'));
        expect(files.sort()).toEqual(['tokens.db', 'tokens.db-shm', 'tokens.db-wal']);
        for (const file of files) expect(`${file} ${modeOf(join(path, '..', file))}`).toBe(`${file} 600`);
      } finally {
        process.umask(umask);
      }
    });

    it('if other users could read it before', async () => {
      writeFileSync(temporary.path, '', { mode: 0o644 });
      open();
      expect(modeOf(temporary.path)).toBe('600');
    });
  });

  it.each<[string, object]>([
    ['path', {}],
    ['path', { path: '' }],
    ['path', { path: ':memory:' }],
    ['path', { path: '/dev/null/tokens.db' }],
    ['namespace', { path: 'unused', namespace: '' }],
  ])('refuses an invalid %s and names it: %j', (field, options) => {
    expect(() => new SqliteTokenStore(options as { path: string })).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field }),
    );
  });

  it('keeps the namespaces of one file apart', async () => {
    const [shop, bank] = [open({ namespace: 'shop' }), open({ namespace: 'bank' })];
    await shop.commit('key', await leaseOf(shop), 'of the shop', 60_000);
    expect(await bank.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
  });

  it('still has the token after every process closed it', async () => {
    const first = open();
    await first.commit('key', await leaseOf(first), 'payload', 60_000);
    await first.close();
    expect((await open().peek('key')).token?.payload).toBe('payload');
  });

  it('keeps the mark of a rejected token and the pace of rejections after every process closed it', async () => {
    const first = open();
    const lease = await leaseOf(first);
    await first.commit('key', lease, 'payload', 60_000);
    await reject(first, lease, 60_000);
    await first.close();
    const second = open();
    expect(await second.peek('key')).toMatchObject({ token: { payload: 'payload' }, isRejected: true });
    const next = await leaseOf(second);
    await second.commit('key', next, 'payload', 60_000);
    expect(await reject(second, next, 60_000)).toBe('held');
  });

  it('rejects calls after it was closed', async () => {
    const store = open();
    await store.close();
    await expect(store.peek('key')).rejects.toThrow('closed');
  });

  it('removes expired keys as fast as new ones are added', async () => {
    const store = open();
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    for (let i = 0; i < 40; i++) await store.purge(`old ${i}`);
    now.mockReturnValue(1_700_000_000_000 + 26 * 60 * 60 * 1000);
    for (let i = 0; i < 10; i++) await store.purge(`new ${i}`);
    const database = new Database(temporary.path);
    expect(database.prepare('SELECT count(*) AS count FROM slots').get([])).toMatchObject({ count: 10 });
    database.close();
  });

  it('grants a higher fence after the clock was set back', async () => {
    const store = open();
    const { fence } = await leaseOf(store);
    jest.spyOn(Date, 'now').mockReturnValue(1_000_000_000_000);
    await store.purge('key');
    expect((await leaseOf(store)).fence).toBeGreaterThan(fence + 1);
  });

  describe('if the clock of the machine is set', () => {
    const wallNow = Date.now.bind(Date);
    const setClock = (aheadMs: number) => jest.spyOn(Date, 'now').mockImplementation(() => wallNow() + aheadMs);
    const ttlIn = async (store: SqliteTokenStore) => (await store.peek('key')).token?.ttlMs ?? 0;

    it.each([
      ['back', 0, -3_600_000],
      ['ahead and back again', 3_600_000, 0],
    ])('%s, lets no token live longer, in any process', async (_how, firstMs, thenMs) => {
      const [store, other] = [open(), open()];
      await other.peek('key');
      setClock(firstMs);
      await store.commit('key', await leaseOf(store), 'payload', 60_000);
      setClock(thenMs);
      for (const reader of [store, other, open()]) {
        const ttlMs = await ttlIn(reader);
        expect(ttlMs).toBeGreaterThan(50_000);
        expect(ttlMs).toBeLessThanOrEqual(60_000);
      }
    });

    it('back makes no pace of rejections longer', async () => {
      const store = open();
      const now = setClock(3_600_000);
      const lease = await leaseOf(store);
      await store.commit('key', lease, 'payload', 7_200_000);
      await reject(store, lease, 60_000);
      const next = await leaseOf(store);
      await store.commit('key', next, 'payload', 7_200_000);
      now.mockImplementation(wallNow);
      expect(await reject(store, next, 60_000)).toBe('held');
      now.mockImplementation(() => wallNow() + 61_000);
      expect(await reject(store, next, 60_000)).toBe('replaced');
    });

    it('back, lets no lease live longer', async () => {
      const store = open();
      await leaseOf(store);
      setClock(-3_600_000);
      const answer = await open().acquire('key', { ...attempt, nonce: 'b' });
      expect(answer.outcome).toBe('wait');
      expect((answer as { leaseEndsInMs: number }).leaseEndsInMs).toBeLessThanOrEqual(attempt.leaseMs);
    });

    it('ahead, ends tokens, since the machine may have slept', async () => {
      const store = open();
      await store.commit('key', await leaseOf(store), 'payload', 60_000);
      setClock(3_600_000);
      expect(await store.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    });
  });

  describe('while another process writes', () => {
    let other: Database.Database;

    beforeEach(async () => {
      await open().ping();
      other = new Database(temporary.path);
      other.exec('BEGIN IMMEDIATE');
    });

    afterEach(() => {
      other.close();
    });

    it('reads without waiting', async () => {
      expect(await open().peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    });

    it('waits to write without blocking the event loop', async () => {
      const store = open();
      const writing = store.purge('key').then(() => 'written');
      const ticks = Array.from({ length: 5 }, () => new Promise(setImmediate));
      expect(await Promise.race([writing, Promise.all(ticks).then(() => 'ticked')])).toBe('ticked');
      other.exec('ROLLBACK');
      expect(await writing).toBe('written');
    });

    it('deletes nothing when a purge waits longer than its caller', async () => {
      const store = open();
      await expect(store.purge('key', 20)).rejects.toThrow('a purge waited longer than 20 ms and deleted nothing');
      other.exec('ROLLBACK');
      const answer = await store.acquire('key', attempt);
      expect(answer).toMatchObject({ outcome: 'lease', reason: 'miss', voidedUpTo: 0 });
    });

    it('rejects a write that waits too long, and writes again afterwards', async () => {
      const store = open();
      await expect(store.ping()).rejects.toThrow(`${temporary.path} failed: database is locked`);
      other.exec('ROLLBACK');
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });

  describe('if its file is changed', () => {
    it('makes a new file after it was deleted, and shares it', async () => {
      const [first, second] = [open(), open()];
      await first.commit('key', await leaseOf(first), 'payload', 60_000);
      await second.peek('key');
      rmSync(temporary.path);
      expect(await first.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
      await first.commit('key', await leaseOf(first), 'afresh', 60_000);
      expect((await second.peek('key')).token?.payload).toBe('afresh');
    });

    it('makes a new file after its folder was deleted', async () => {
      const store = open();
      await store.commit('key', await leaseOf(store), 'payload', 60_000);
      temporary.dispose();
      expect(await store.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
      expect(existsSync(temporary.path)).toBe(true);
    });

    it('rejects while it is not a database, and works again after it was deleted', async () => {
      writeFileSync(temporary.path, 'x'.repeat(8192));
      const store = open();
      await expect(store.peek('key')).rejects.toThrow(`${temporary.path} is damaged, delete it`);
      rmSync(temporary.path);
      expect(await store.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    });

    it('rejects while a folder is in its place, and makes a new file after that is gone', async () => {
      const store = open();
      await store.commit('key', await leaseOf(store), 'payload', 60_000);
      rmSync(temporary.path);
      mkdirSync(temporary.path);
      await expect(store.peek('key')).rejects.toThrow(`${temporary.path} is no file: move it away, and one is made`);
      expect(() => new SqliteTokenStore({ path: temporary.path })).toThrow('path cannot be used: ');
      rmdirSync(temporary.path);
      expect(await store.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    });

    const REMEDY = 'delete it if no other program uses it, or give another path';

    it('says what to do while it runs, if its table was dropped, and works again after it was deleted', async () => {
      const store = open();
      await store.commit('key', await leaseOf(store), 'payload', 60_000);
      drop('slots');
      await expect(store.peek('key')).rejects.toThrow(REMEDY);
      rmSync(temporary.path);
      expect(await store.peek('key')).toEqual({ isRejected: false, voidedUpTo: 0 });
    });

    it.each(['slots', 'clock', 'groups'])(
      'says what to do at its start, if its table %s was dropped',
      async (table) => {
        open();
        drop(table);
        const start = async () => open().peek('key');
        await expect(start()).rejects.toThrow(REMEDY);
      },
    );

    function drop(table: string): void {
      const database = new Database(temporary.path);
      database.exec(`DROP TABLE ${table}`);
      database.close();
    }

    it.each(['slots', 'customers'])(
      'refuses another program’s file with a table %s, and leaves it as it is',
      (table) => {
        const database = new Database(temporary.path);
        database.exec(`CREATE TABLE ${table} (machine TEXT)`);
        const refusal = `another program, which has the table ${table}: give another path`;
        expect(() => open()).toThrow(
          expect.objectContaining({ field: 'path', message: expect.stringContaining(refusal) as string }),
        );
        const tables = database.prepare('SELECT name FROM sqlite_schema').raw(true).all([]);
        database.close();
        expect(tables).toEqual([[table]]);
      },
    );

    it('rejects while it is truncated', async () => {
      const first = open();
      await first.commit('key', await leaseOf(first), 'payload', 60_000);
      const database = new Database(temporary.path);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.close();
      await first.close();
      truncateSync(temporary.path, 4096);
      await expect(open().peek('key')).rejects.toThrow('is damaged');
    });

    const without = (...names: string[]) => names.map((name) => `ALTER TABLE slots DROP COLUMN ${name};`).join(' ');
    const WITHOUT_GROUPS = `${without('groupPurge')} DROP TABLE groups;`;
    const WITHOUT_PURGES = `${WITHOUT_GROUPS} ${without('voided', 'leaseMs', 'coolingProcess')}`;
    const WITHOUT_PACE = without('rejected', 'replacedAt', 'paceMs');

    it.each([
      ['1, which knew no clock', `${WITHOUT_PURGES} ${WITHOUT_PACE} DROP TABLE clock; PRAGMA user_version = 1`],
      ['2, which knew no pace of rejections', `${WITHOUT_PURGES} ${WITHOUT_PACE} PRAGMA user_version = 2`],
      ['3, which knew no purges', `${WITHOUT_PURGES} PRAGMA user_version = 3`],
      ['4, which knew no groups of keys', `${WITHOUT_GROUPS} PRAGMA user_version = 4`],
    ])('takes over the tokens of schema %s', async (_which, downgrade) => {
      const first = open();
      const lease = await leaseOf(first);
      await first.commit('key', lease, 'payload', 60_000);
      await first.close();
      const database = new Database(temporary.path);
      database.exec(downgrade);
      database.close();
      const next = open();
      expect(await next.peek('key')).toMatchObject({ token: { payload: 'payload' }, isRejected: false });
      expect(await reject(next, lease, 60_000)).toBe('replaced');
      expect((await leaseOf(next)).fence).toBeGreaterThan(lease.fence);
    });

    it('takes what came before the purge of a process of version 3 for void', async () => {
      const store = open();
      const lease = await leaseOf(store);
      const fence = await store.purge('key');
      const older = new Database(temporary.path);
      older.exec('UPDATE slots SET voided = 0');
      older.close();
      expect(await store.commit('key', lease, 'payload', 60_000)).toEqual({ outcome: 'voided' });
      expect(await store.acquire('key', attempt)).toMatchObject({ outcome: 'lease', voidedUpTo: fence - 1 });
    });

    it('goes on beside a running process of version 3, which writes no new column', async () => {
      await open().ping();
      const older = new Database(temporary.path);
      older.exec(`${WITHOUT_PURGES} PRAGMA user_version = 3`);
      await open().ping();
      const endsAt = Date.now() + 600_000;
      const row = { fence: 7, published: 0, tokenEndsAt: 0, leaseEndsAt: endsAt, cooldownEndsAt: 0, failures: 0 };
      const rest = { invalidated: 0, rejected: 0, replacedAt: 0, paceMs: 0, keptUntil: endsAt };
      const texts = { namespace: 'mintonce', keyId: 'key', payload: '', nonce: 'older', error: '' };
      const bytes = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)] as const);
      const columns = [...Object.entries({ ...row, ...rest }), ...bytes];
      older
        .prepare(`INSERT INTO slots (${columns.map(([name]) => name)}) VALUES (${columns.map(() => '?')})`)
        .run(columns.map(([, value]) => value));
      older.close();
      expect(await open().acquire('key', attempt)).toMatchObject({ outcome: 'wait', voidedUpTo: 0 });
    });

    it('opens one that a running process of version 2 probed after it was migrated', async () => {
      await open().commit('key', await leaseOf(open()), 'payload', 60_000);
      const old = new Database(temporary.path);
      old.exec('PRAGMA user_version = 2');
      old.close();
      expect(await open().peek('key')).toMatchObject({ token: { payload: 'payload' } });
    });

    it('leaves the version that a newer process wrote when it is probed', async () => {
      const store = open();
      const newer = new Database(temporary.path);
      newer.exec('PRAGMA user_version = 99');
      await store.ping();
      expect(newer.prepare('PRAGMA user_version').get([])).toMatchObject({ user_version: 99 });
      newer.close();
    });

    it('refuses a file that a newer version wrote', async () => {
      await open().ping();
      const database = new Database(temporary.path);
      database.exec('PRAGMA user_version = 99');
      database.close();
      expect(() => open()).toThrow('path cannot be used: its schema is 99');
    });
  });

  describe('of the built library in four processes that count in one token', () => {
    const TARGET = 400;
    const workers: ChildProcess[] = [];

    afterEach(() => {
      for (const worker of workers.splice(0)) worker.kill('SIGKILL');
    });

    function start(onCommit: (commit: { count: number; fence: number }) => void): ChildProcess {
      const worker = fork(join(__dirname, 'test', 'worker.mjs'), [temporary.path, `${TARGET}`], { execArgv: [] });
      workers.push(worker);
      worker.on('message', onCommit);
      return worker;
    }

    /** The exit code, after every message of the worker was read. */
    async function ended(worker: ChildProcess): Promise<number | null> {
      const [[code]] = await Promise.all([once(worker, 'exit'), once(worker, 'disconnect')]);
      return code;
    }

    it('loses no update and raises every fence, also if one of them is killed', async () => {
      const fences = new Map<number, number>();
      const reports: number[] = [];
      const onCommit = ({ count, fence }: { count: number; fence: number }): void => {
        reports.push(count);
        fences.set(count, fence);
        if (reports.length === TARGET / 4) victim.kill('SIGKILL');
      };
      const victim = start(onCommit);
      const ends = [victim, start(onCommit), start(onCommit), start(onCommit)].map(ended);
      const codes = await Promise.all(ends);

      expect(codes).toEqual([null, 0, 0, 0]);
      expect(new Set(reports).size).toBe(reports.length);
      // The killed process may have committed once more than it reported.
      expect(reports.length).toBeGreaterThanOrEqual(TARGET - 1);
      const inOrder = [...fences].sort(([a], [b]) => a - b).map(([, fence]) => fence);
      expect(inOrder).toEqual([...new Set(inOrder)].sort((a, b) => a - b));
      expect((await open().peek('key')).token).toMatchObject({ payload: `${TARGET}`, fence: inOrder.at(-1) });
    });
  });
});
