import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenClient } from '../core/token-client.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { SqliteTokenStore } from './index.js';

const CALLERS = 200;

describe('Callers that wait for another process on SqliteTokenStore', () => {
  let folder: string;
  let clock: FakeClock;
  let source: FakeTokenSource;
  const clients: TokenClient[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-waits-'));
    clock = new FakeClock();
    source = new FakeTokenSource();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** A process: a connection of its own, and all calls that it makes. */
  function open() {
    const inner = new SqliteTokenStore({ path: join(folder, 'tokens.db') });
    const store = new FaultyTokenStore(inner);
    const client = new TokenClient({ store, clock, integrations: { billing: { source } } });
    clients.push(client);
    return { client, inner, calls: store.calls };
  }

  /** One process mints, until it is let go on, and the callers of another one wait for that. */
  async function waiting() {
    const letMint = source.hold();
    const [minting, other] = [open(), open()];
    const minted = minting.client.getToken('billing');
    await clock.advance(0);
    const served = Promise.all(Array.from({ length: CALLERS }, () => other.client.getToken('billing')));
    await clock.advance(0);
    const finish = async (): Promise<void> => {
      letMint();
      await minted;
    };
    return { other, served, finish };
  }

  it('are given its token within 10 ms of its commit, for two looks at the store, one before and one after it', async () => {
    const { other, served, finish } = await waiting();
    await clock.advance(205);
    expect(other.calls).toEqual(['acquire', 'acquire']);
    await finish();
    await clock.advance(10);
    expect(new Set((await served).map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(other.calls).toEqual(['acquire', 'acquire', 'acquire']);
    expect(source.calls).toHaveLength(1);
  });

  it('look no more than four times a second, and a little more at first, while others write all the time', async () => {
    const { other, served, finish } = await waiting();
    const writing = new SqliteTokenStore({ path: join(folder, 'tokens.db') });
    for (let passed = 0; passed < 2_000; passed += 5) {
      await writing.acquire(`key ${passed}`, { nonce: 'another', leaseMs: 1_000, minTtlMs: 0 });
      await clock.advance(5);
    }
    expect(other.calls.length).toBeLessThanOrEqual(11);
    await finish();
    await clock.advance(250);
    await served;
    await writing.close();
  });
});
