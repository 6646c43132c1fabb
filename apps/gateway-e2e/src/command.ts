import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lastWill, waitFor } from '@mintonce/test-support';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of any kind as a child process. */
export interface Command {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** @throws Error with what it printed, when the condition is not met within a minute. */
  until(condition: () => Promise<boolean>): Promise<void>;
  /** SIGTERM; answers how the process ended. */
  stop(): Promise<Exit>;
}

/** Starts a program with this environment alone. */
export function startCommand([program = '', ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Command {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const will = lastWill('kill -TERM "$1"', [String(child.pid)]);
  const exited = once(child, 'exit').then(([code, signal]): Exit => {
    will.revoke();
    return { code, signal };
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  return {
    pid: child.pid ?? 0,
    exited,
    async until(condition) {
      try {
        await waitFor(condition, { timeoutMs: 60_000 });
      } catch (error) {
        throw new Error(`${program} does not come to that; it printed:\n${printed}`, { cause: error });
      }
    },
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
