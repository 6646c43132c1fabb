import { readFileSync } from 'node:fs';

/** A process id that is never given twice: numbers are reused (in a container, PID 1 is), start times are not. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot at the start of the process; 0 where the system does not tell (no /proc). */
  startTicks: number;
}

/** @returns undefined if no such process runs */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in brackets and may hold anything; field 22 is the start time.
    return { pid, startTicks: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) };
  } catch {
    return isRunning(pid) ? { pid, startTicks: 0 } : undefined;
  }
}

/** Says whether the process still runs, as far as process ids can tell. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
