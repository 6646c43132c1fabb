import { spawn } from 'node:child_process';

/**
 * Ends a process when we are gone without having ended it ourselves, as after a SIGKILL: a shell waits on a pipe that only
 * we hold open. The function that it answers with takes the order back.
 */
export function lastWill(pid) {
  const shell = spawn('sh', ['-c', `trap '' INT TERM HUP; read -r _ || kill -TERM "$1"`, 'last-will', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.stdin.on('error', () => {});
  return () => shell.stdin.end('revoked\n');
}
