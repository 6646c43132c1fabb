import { type Flags } from './flags.js';
import { selectLines } from './history-filter.js';
import { type Library } from './library.js';
import { named } from './named.js';
import { type ReplayedRun } from './report.js';
import { REQUESTS } from './requests.js';
import { SCHEDULE_SEED, SCHEDULES } from './schedules.js';
import { simulate } from './simulate.js';

/** Lives through one run, a seed or a schedule, and keeps of its history what was asked for. */
export async function replay(library: Library, flags: Flags): Promise<ReplayedRun> {
  const { schedule, seed, fault, faults, key, process, from, to } = flags;
  const script = schedule === undefined ? undefined : named(SCHEDULES, schedule, 'schedule');
  const requests = REQUESTS.map(({ label }) => ({ name: label }));
  for (const label of key ?? []) named(requests, label, 'key');
  const number = script ? SCHEDULE_SEED : Number(seed);
  const { history, ...outcome } = await simulate(number, library, {
    only: fault,
    mixture: faults,
    script,
    isTold: true,
    watchesCrashes: true,
  });
  const lines = selectLines(history, {
    keys: key,
    processes: process,
    fromMs: from === undefined ? undefined : Number(from),
    toMs: to === undefined ? undefined : Number(to),
  });
  return { ...outcome, name: script?.name ?? `Seed ${number}`, history: lines };
}
