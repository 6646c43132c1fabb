import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { type Socket } from 'node:net';
import { lastWill } from './last-will.js';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A grandchild may hold the output open for ever. */
const OUTPUT_GRACE_MS = 250;

/** A child process that never outlives this one and never keeps it alive. */
export class Supervised {
  /** Settles when the process is gone and its output is read. */
  readonly exited: Promise<Exit>;
  private ended = false;

  private constructor(
    readonly child: ChildProcess,
    readonly pid: number,
  ) {
    const will = lastWill('kill -KILL "$1"', [String(pid)]);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        will.revoke();
        const end = () => {
          this.ended = true;
          resolve({ code, signal });
        };
        child.once('close', end);
        setTimeout(end, OUTPUT_GRACE_MS);
      });
    });
    child.unref();
    for (const stream of child.stdio) (stream as Socket | null)?.unref?.();
  }

  /** @throws Error when the program cannot be started. */
  static async start(
    command: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; cwd?: string; stdio: StdioOptions },
  ): Promise<Supervised> {
    const child = spawn(command, args, options);
    if (child.pid !== undefined) return new Supervised(child, child.pid);
    return await new Promise((_, reject) => child.once('error', reject));
  }

  get running(): boolean {
    return !this.ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks the process to end, and after `graceMs` makes it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<Exit> {
    if (!this.running) return await this.exited;
    this.child.ref();
    this.signal(signal);
    const impatience = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(impatience);
    }
  }
}
