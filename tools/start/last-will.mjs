import { spawn } from 'node:child_process';

/**
 * Ends another process if this one ends without doing so, as after a SIGKILL. A shell waits on a pipe whose other end only this
 * process holds open.
 *
 * @returns a function that revokes the order
 */
export function lastWill(pid) {
  const shell = spawn('sh', ['-c', `trap '' INT TERM HUP; read -r _ || kill -TERM "$1"`, 'last-will', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin.on('error', () => {});
  return () => shell.stdin.end('revoked\n');
}
