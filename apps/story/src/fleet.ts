import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Counters, sumOf } from './counters.js';
import { type Order, type Report, type WorkerSettings } from './messages.js';

const WORKER = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const NOTHING: Counters = { token_cache_hits: 0, token_cache_misses: 0, token_mint_count: 0 };

/** The worker processes of one side. */
export class Fleet {
  private readonly reports = new Map<ChildProcess, Extract<Report, { is: 'counted' }>>();

  private constructor(private readonly workers: readonly ChildProcess[]) {
    for (const worker of workers) {
      worker.on('message', (report: Report) => report.is === 'counted' && this.reports.set(worker, report));
    }
  }

  /** The fleet is handed out before its workers are ready, so that it can be stopped at any time. */
  static of(count: number, settings: WorkerSettings): Fleet {
    const env = { ...process.env, STORY_WORKER: JSON.stringify(settings) };
    return new Fleet(Array.from({ length: count }, () => fork(WORKER, { env })));
  }

  /** @throws Error when a worker ends instead */
  async ready(): Promise<void> {
    await Promise.all(this.workers.map((worker) => Promise.race([once(worker, 'message'), ended(worker)])));
  }

  order(order: Order): void {
    for (const worker of this.workers) worker.send(order);
  }

  /** What its workers have counted, as they last said. */
  get counters(): Counters {
    return sumOf([NOTHING, ...[...this.reports.values()].map(({ counters }) => counters)]);
  }

  /** Calls that were given no token. */
  get failed(): number {
    return [...this.reports.values()].reduce((sum, { failed }) => sum + failed, 0);
  }

  /** Resolves when no worker is left. */
  async stop(): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker) => {
        if (worker.exitCode !== null || worker.signalCode !== null) return;
        const exited = once(worker, 'exit');
        worker.kill('SIGTERM');
        await exited;
      }),
    );
  }
}

async function ended(worker: ChildProcess): Promise<never> {
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null];
  throw new Error(`A worker ended before it was ready: ${signal ?? `exit code ${code}`}`);
}
