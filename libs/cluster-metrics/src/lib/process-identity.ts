import { readFileSync } from 'node:fs';

/** A process, identified for ever: process ids are reused (each container starts at 1), start times are not. */
export interface ProcessIdentity {
  pid: number;
  /** Start of the process in clock ticks since boot; 0 on systems without /proc. */
  startTicks: number;
}

/** The identity of a running process; undefined if no process has that id. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 2, the name in brackets, may hold any character. Field 22 is the start time (proc(5)).
    return { pid, startTicks: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) };
  } catch {
    return isRunning(pid) ? { pid, startTicks: 0 } : undefined;
  }
}

/** Whether a process has that id. It may be another process than the one that had it before. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
