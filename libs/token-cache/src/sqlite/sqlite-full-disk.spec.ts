import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { tokenSource } from '../core/contract/token-source.js';
import { TokenClient } from '../core/token-client.js';
import { SqliteTokenStore } from './index.js';

const STORED = 5;
const MISSED = 4;

interface Report {
  readonly refusals: readonly string[];
  readonly minted: readonly string[];
}

describe('A process of the built library whose SQLite file takes no more writes', () => {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'tokens.sqlite');
  let report: Report;

  beforeAll(async () => {
    const source = tokenSource('full disk', async () => ({ accessToken: 'stored', expiresInMs: 3_600_000 }));
    const tokens = new TokenClient({ store: new SqliteTokenStore({ path }), integrations: { billing: { source } } });
    for (let tenant = 0; tenant < STORED; tenant++) await tokens.getToken('billing', { tenant: `stored ${tenant}` });
    await tokens.close();
    report = run({ path, mostBlocks: 1_000, stored: STORED, missed: MISSED });
  });

  afterAll(() => directory.remove());

  it('is given the tokens that are there, after more tokens could not be stored than open a breaker', () => {
    expect(report.refusals.length).toBeGreaterThan(MISSED);
    expect(report.minted).toEqual([]);
  });

  it('says that it could not write', () => {
    expect(new Set(report.refusals)).toEqual(new Set([`The token store ${path} failed: disk I/O error`]));
  });

  it.each([
    ['the file', 1],
    ['anything', 0],
  ])('starts without room for %s, and mints for itself', (_, mostBlocks) => {
    const fresh = join(directory.path, `${mostBlocks}`, 'tokens.sqlite');
    expect(run({ path: fresh, mostBlocks, stored: 1, missed: 0 }).minted).toEqual(['stored 0']);
  });
});

interface Disk {
  readonly path: string;
  /** Blocks of 512 bytes that a file of the process may have: writes beyond fail, as on a disk that is full. */
  readonly mostBlocks: number;
  /** Tokens that are there, and others that it asks for before. */
  readonly stored: number;
  readonly missed: number;
}

function run({ path, mostBlocks, stored, missed }: Disk): Report {
  const child = [process.execPath, join(__dirname, 'test', 'full-disk.mjs'), path, `${stored}`, `${missed}`];
  const script = `ulimit -f ${mostBlocks}; exec "$0" "$@"`;
  return JSON.parse(execFileSync('sh', ['-c', script, ...child], { encoding: 'utf8' })) as Report;
}
