import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import Database from 'libsql';
import { TokenObserver } from '../core/contract/token-observer.js';
import { tokenSource } from '../core/contract/token-source.js';
import { TokenClient } from '../core/token-client.js';
import { SqliteTokenStore } from './index.js';

/** More than open a breaker. */
const MISSED = 4;

class Refusals extends TokenObserver {
  constructor(override readonly storeFailed: () => void) {
    super();
  }
}

describe('A SQLite file of which another program holds the write lock, as for a backup', () => {
  const minted: string[] = [];
  const source = tokenSource('locked file', async ({ tenant = '' }) => {
    minted.push(tenant);
    return { accessToken: 'a-token', expiresInMs: 3_600_000 };
  });
  let directory: TemporaryDirectory;
  let program: Database.Database;
  let clients: readonly [TokenClient, TokenClient];

  beforeEach(() => {
    directory = temporaryDirectory();
    const path = join(directory.path, 'tokens.sqlite');
    const start = () =>
      new TokenClient({ store: new SqliteTokenStore({ path }), integrations: { billing: { source } } });
    clients = [start(), start()];
    program = new Database(path);
    minted.length = 0;
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    program.close();
    directory.remove();
  });

  const tokens = (client: TokenClient, tenants: string[]) =>
    Promise.all(tenants.map((tenant) => client.getToken('billing', { tenant })));

  it('is read on, however many tokens could not be written', async () => {
    const stored = ['stored 1', 'stored 2'];
    const missed = Array.from({ length: MISSED }, (_, tenant) => `missed ${tenant}`);
    await tokens(clients[0], stored);
    program.exec('BEGIN IMMEDIATE');
    await tokens(clients[1], missed);
    await tokens(clients[1], stored);
    program.exec('ROLLBACK');
    expect(minted).toHaveLength(stored.length + missed.length);
  });

  it('is purged as soon as the lock is free', async () => {
    await tokens(clients[0], ['stored']);
    program.exec('BEGIN IMMEDIATE');
    const refused = new Promise<void>((resolve) => clients[0].observe(new Refusals(resolve)));
    const purged = clients[0].purge('billing', { tenant: 'stored' });
    await refused;
    program.exec('ROLLBACK');
    await purged;
    await tokens(clients[1], ['stored']);
    expect(minted).toEqual(['stored', 'stored']);
  });
});
