import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { temporaryDirectory } from '@mintonce/test-support';

const THREADS = 4;
const TENANTS = 25;

interface Report {
  readonly minted?: string;
  readonly got?: string;
}

describe('SqliteTokenStore of the built library in four threads of one process', () => {
  it('mints each token once, and gives it to all of them', async () => {
    const directory = temporaryDirectory();
    try {
      const reports: Report[] = [];
      const threads = Array.from({ length: THREADS }, () => {
        const workerData = { path: join(directory.path, 'tokens.sqlite'), tenants: TENANTS };
        const thread = new Worker(join(__dirname, 'test', 'thread.mjs'), { workerData, execArgv: [] });
        return thread.on('message', (report: Report) => reports.push(report));
      });
      const codes = await Promise.all(threads.map(async (thread) => (await once(thread, 'exit'))[0] as number));

      expect(codes).toEqual(Array(THREADS).fill(0));
      const minted = reports.flatMap((report) => report.minted ?? []);
      const got = reports.flatMap((report) => report.got ?? []);
      expect([minted.length, new Set(minted).size]).toEqual([TENANTS, TENANTS]);
      expect([got.length, new Set(got).size]).toEqual([THREADS * TENANTS, TENANTS]);
    } finally {
      directory.remove();
    }
  });
});
