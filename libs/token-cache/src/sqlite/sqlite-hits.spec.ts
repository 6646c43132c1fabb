import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@mintonce/test-support';
import { TokenClient } from '../core/token-client.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { SqliteTokenStore } from './index.js';

describe('Hits on SqliteTokenStore', () => {
  let folder: string;
  let source: FakeTokenSource;
  const clients: TokenClient[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-hits-'));
    source = new FakeTokenSource();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** A process: a connection of its own, and all calls that it makes. */
  function open(inner = new SqliteTokenStore({ path: join(folder, 'tokens.db') })) {
    const store = new FaultyTokenStore(inner);
    const client = new TokenClient({ store, integrations: { billing: { source } } });
    clients.push(client);
    return { client, inner, calls: store.calls };
  }

  it('ask the store for nothing as long as no process writes, be they one after another or at once', async () => {
    const { client, calls } = open();
    const token = await client.getToken('billing');
    await client.getToken('billing');
    const before = calls.length;
    for (let call = 0; call < 100; call++) expect(await client.getToken('billing')).toBe(token);
    const burst = await Promise.all(Array.from({ length: 100 }, () => client.getToken('billing')));
    expect(new Set(burst)).toEqual(new Set([token]));
    expect(calls).toHaveLength(before);
  });

  it('ask the store once after any process has written, and not again', async () => {
    const [one, other] = [open(), open()];
    await one.client.getToken('billing');
    await one.client.getToken('billing');
    const before = one.calls.length;
    await other.inner.acquire('another key', { nonce: 'other', leaseMs: 1_000, minTtlMs: 0 });
    for (let call = 0; call < 10; call++) await one.client.getToken('billing');
    expect(one.calls.slice(before)).toEqual(['acquire']);
  });

  it.each([
    ['purged', 'in another process', false],
    ['purged', 'by another client of the same store', true],
    ['purged with all of its integration', 'in another process', false],
    ['purged with all of its integration', 'by another client of the same store', true],
    ['rejected', 'in another process', false],
    ['rejected', 'by another client of the same store', true],
  ])('never give a token that was %s %s', async (how, _, isSameStore) => {
    const one = open();
    const other = open(isSameStore ? one.inner : undefined);
    const token = await one.client.getToken('billing');
    await one.client.getToken('billing');
    const same = await other.client.getToken('billing');
    expect(same.accessToken).toBe(token.accessToken);
    const voiding: Record<string, () => Promise<unknown>> = {
      purged: () => other.client.purge('billing'),
      'purged with all of its integration': () => other.client.purgeAll('billing'),
      rejected: () => other.client.invalidate(same),
    };
    await voiding[how]!();
    expect((await one.client.getToken('billing')).accessToken).not.toBe(token.accessToken);
    expect(source.calls).toHaveLength(2);
  });

  it('find out that the file was deleted, and share the token in the one that took its place', async () => {
    const { client } = open();
    const { accessToken } = await client.getToken('billing');
    await client.getToken('billing');
    rmSync(folder, { recursive: true });
    const other = open();
    await waitFor(async () => {
      await client.getToken('billing');
      return (await other.client.peek('billing'))?.accessToken === accessToken;
    });
    expect(source.calls).toHaveLength(1);
  });
});
