import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** One run of the library as it is. */
export interface Control {
  readonly seed: number;
  /** The only faults of the run. @defaultValue those of the seed */
  readonly faults?: readonly string[] | undefined;
}

/** Plays runs of the library as it is, one after the other, in a thread that loads it once and has a virtual time of its own. */
export class Controls {
  private readonly thread = new Worker(new URL('./control-thread.js', import.meta.url));
  private last: Promise<unknown> = Promise.resolve();

  /** Whether a promise breaks in that run. */
  isBroken(control: Control): Promise<boolean> {
    const answer = this.last.then(() => this.play(control));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }

  private async play(control: Control): Promise<boolean> {
    this.thread.postMessage(control);
    const [isBroken] = (await once(this.thread, 'message')) as [boolean];
    return isBroken;
  }
}
