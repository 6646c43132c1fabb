import { spawn } from 'node:child_process';
import { type Socket } from 'node:net';

export interface LastWill {
  /** The script will not run any more. */
  revoke(): void;
}

/**
 * Runs a shell script as soon as this process is gone, however it went: an exit handler does not run after a SIGKILL,
 * and Jest gives its tests a `process` whose exit handlers never run.
 *
 * A shell of its own session waits on a pipe that only this process holds open.
 */
export function lastWill(script: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): LastWill {
  const shell = spawn('sh', ['-c', `trap '' INT TERM HUP; read -r _ || { ${script}; }`, 'last-will', ...args], {
    detached: true,
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const pipe = shell.stdin as unknown as Socket;
  pipe.on('error', () => undefined);
  pipe.unref();
  shell.unref();
  return { revoke: () => void pipe.end('revoked\n') };
}
