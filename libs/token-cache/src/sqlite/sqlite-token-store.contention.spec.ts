import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { contend } from '../testing/model/contention.spec-support.js';
import { StoreProcess } from '../testing/model/store-process.spec-support.js';

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('SqliteTokenStore of the built library in four processes at once', () => {
  let directory: TemporaryDirectory;
  let processes: StoreProcess[] = [];

  beforeAll(async () => {
    directory = temporaryDirectory();
    const path = join(directory.path, 'tokens.db');
    processes = await Promise.all([1, 2, 3, 4].map(() => StoreProcess.start('sqlite', path, 'shop')));
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    directory.remove();
  });

  it('gives a linearizable history', async () => {
    await contend(processes, 600, 'SQLite');
  });
});
