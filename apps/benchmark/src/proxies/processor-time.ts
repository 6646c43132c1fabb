import { readdirSync, readFileSync } from 'node:fs';

/** What all threads of a process have used so far, in ns, as Linux counts it; NaN elsewhere. */
export function processorNsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks)
      .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
      .reduce((sum, ns) => sum + ns, 0);
  } catch {
    return NaN;
  }
}
