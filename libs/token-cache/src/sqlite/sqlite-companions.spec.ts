import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { type TokenStore } from '../core/contract/token-store.js';
import { StoreProcess } from '../testing/model/store-process.spec-support.js';

const HOUR = 3_600_000;

const attemptOf = (nonce: string) => ({ nonce, leaseMs: HOUR, minTtlMs: 0 });

async function publish(store: TokenStore, keyId: string): Promise<void> {
  const acquired = await store.acquire(keyId, attemptOf(keyId));
  if (acquired.outcome !== 'lease') throw new Error(`expected a lease, but got ${acquired.outcome}`);
  await store.commit(keyId, acquired.lease, 'a token', HOUR);
}

describe('Processes of the built library that use a SQLite file, of which a cleaner deletes', () => {
  let directory: TemporaryDirectory;
  let path: string;
  let processes: StoreProcess[];

  beforeEach(() => {
    directory = temporaryDirectory();
    path = join(directory.path, 'tokens.sqlite');
    processes = [];
  });

  afterEach(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    directory.remove();
  });

  async function start(): Promise<TokenStore> {
    const started = await StoreProcess.start('sqlite', path, 'mintonce');
    processes.push(started);
    return started.store();
  }

  it.each([
    ['the index of the log', ['-shm']],
    ['the log', ['-wal']],
    ['both', ['-wal', '-shm']],
  ])('%s, say so, and share with one that starts later once the file is deleted as well', async (_, companions) => {
    const earlier = [await start(), await start()];
    for (const store of earlier) await publish(store, `a key of ${earlier.indexOf(store)}`);
    for (const companion of companions) rmSync(path + companion);
    const toDo = 'its -wal or -shm was deleted while it was open; delete the file as well, and a new one is made';
    for (const store of earlier) await expect(store.peek('key')).rejects.toThrow(toDo);

    rmSync(path);
    const outcomes = [];
    for (const store of [...earlier, await start()]) {
      outcomes.push((await store.acquire('key', attemptOf(`${outcomes.length}`))).outcome);
    }
    expect(outcomes).toEqual(['lease', 'wait', 'wait']);
  });
});
