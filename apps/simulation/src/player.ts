import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Outcome } from './simulate.js';

/** One run of one build. */
export interface Run {
  /** Where the build lies. */
  readonly library: string;
  readonly seed: number;
  /** The only faults of the run. @defaultValue those of the seed */
  readonly faults?: readonly string[] | undefined;
  /** The name of a schedule, instead of what the seed says. */
  readonly schedule?: string | undefined;
  /** Watches for mistakes of the program, too. */
  readonly watchesCrashes?: boolean;
}

export type Played = Pick<Outcome, 'breach' | 'crash'>;

const MOST_MS = 300_000;

/**
 * Plays runs, one after the other, in a thread that loads each build once and has a virtual time of its own. A build that hangs or
 * crashes takes the thread with it, and the next run begins another.
 */
export class Player {
  private thread?: Worker | undefined;

  /** @throws Error what the thread died of */
  async play(run: Run): Promise<Played> {
    const thread = (this.thread ??= this.begin());
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new Error(`it was still running after ${MOST_MS / 1_000} s`)), MOST_MS);
    const onExit = (code: number): void => ended.abort(new Error(`it ended its thread, with ${code}`));
    thread.once('exit', onExit);
    try {
      thread.postMessage(run);
      const [played] = (await once(thread, 'message', { signal: ended.signal })) as [Played];
      return played;
    } catch (error) {
      const reason: unknown = ended.signal.aborted ? ended.signal.reason : error;
      await this.close();
      throw reason;
    } finally {
      clearTimeout(timer);
      thread.off('exit', onExit);
    }
  }

  async close(): Promise<void> {
    const thread = this.thread;
    this.thread = undefined;
    await thread?.terminate();
  }

  private begin(): Worker {
    const thread = new Worker(new URL('./player-thread.js', import.meta.url));
    // A run that is over may leave something behind that fails later: the thread is gone then, and nobody waits for it.
    thread.on('error', () => {});
    thread.once('exit', () => {
      if (this.thread === thread) this.thread = undefined;
    });
    return thread;
  }
}
