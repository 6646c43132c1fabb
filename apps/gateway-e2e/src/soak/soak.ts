import { callers } from './callers.js';
import { conclude } from './conclusion.js';
import { type Fault } from './fault.js';
import { FaultDriver } from './fault-driver.js';
import { faultSchedule } from './fault-schedule.js';
import { chosen, faultsOf } from './faults/index.js';
import { type Findings } from './findings.js';
import { Chance } from '@mintonce/test-support/chance';
import { RequestLog } from './request-log.js';
import { type RunningRig, startRig } from './rig.js';
import { LEAST_MINUTES_FOR_TRENDS } from './verdict.js';
import { Watch } from './watch.js';

export interface SoakOptions {
  readonly store: 'redis' | 'sqlite';
  readonly minutes: number;
  /** Decides what happens when; the same seed, the same faults in the same order. */
  readonly seed: number;
  readonly workers: number;
  /** Parts of the names of the faults that strike. @defaultValue all faults strike */
  readonly faults?: readonly string[];
  /** The run also ends after that many faults. @defaultValue it ends when its minutes are over */
  readonly strikes?: number;
  /** From the recovery of one fault to the next. @defaultValue 5 to 20 s */
  readonly pauseMs?: readonly [number, number];
  /** Hears of every fault and, each minute, of the state of things. */
  readonly say: (line: string) => void;
}

const MINUTE_MS = 60_000;
/** In a run that is long enough, no worker is ended after this part of it, so that slopes can be told from noise. */
const RESTARTS_UNTIL = 0.35;

/** Breaks the gateway under load for that long, and tells what was seen. */
export async function soak(options: SoakOptions): Promise<Findings> {
  const faults = chosen(faultsOf(options.store), options.faults ?? []);
  const rig = await startRig(options.store, options.workers);
  try {
    return await run(options, faults, rig);
  } finally {
    await rig.stop();
  }
}

async function run(options: SoakOptions, faults: readonly Fault[], rig: RunningRig): Promise<Findings> {
  const { store, minutes, seed, workers, pauseMs = [5_000, 20_000], strikes = Infinity, say } = options;
  const chance = new Chance(seed);
  const schedule = faultSchedule(faults, chance.fork(), pauseMs);
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * MINUTE_MS;
  const restartsUntil = minutes < LEAST_MINUTES_FOR_TRENDS ? endsAt : startedAt + (endsAt - startedAt) * RESTARTS_UNTIL;
  const since = (): string => `${Math.round((performance.now() - startedAt) / 1_000)} s`.padStart(7);

  const requests = new RequestLog();
  const watch = new Watch(rig, requests);
  const driver = new FaultDriver(rig, workers, (line) => say(`${since()}  ${line}`));
  const ending = new AbortController();
  const progress = setInterval(() => {
    const { total, failures, tokens } = requests;
    say(
      `${since()}  ${total} requests, ${failures.length} failures, ${tokens} tokens, ${driver.windows.length} faults`,
    );
  }, MINUTE_MS);
  const background = [callers(rig.fleet.url, requests, chance.fork(), ending.signal), watch.until(ending.signal)];
  try {
    await driver.run(schedule, { strikes, endsAt, restartsUntil });
  } finally {
    clearInterval(progress);
    ending.abort();
    await Promise.all(background);
  }
  return await conclude({ store, minutes, seed, workers }, rig, { requests, watch, driver });
}
