import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The start of a process, which tells it from a later one with the same id; undefined if there is no such process. */
export function identityOf(pid) {
  try {
    return process.platform === 'linux'
      ? linuxIdentity(pid)
      : execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)]).toString();
  } catch {
    return undefined;
  }
}

/** Field 22 of `/proc/<pid>/stat` is the start in ticks since boot. The name in field 2 may hold any character. */
function linuxIdentity(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[18]}`;
}
