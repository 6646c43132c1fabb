import { type Observation } from './messages.js';
import { type Trial } from './trial.js';

/** The terms of the second promise: mints <= 1 + the others, for each lifetime. */
export interface MintBound {
  readonly lifetimes: number;
  /** Mints whose process was killed before it could tell how they ended. */
  readonly crashed: number;
  /** Mints whose lease was taken over meanwhile, by their own count. */
  readonly superseded: number;
  readonly failed: number;
  /** Mints without the store, by policy. */
  readonly local: number;
  readonly invalidations: number;
  /** Tokens that the store was made to forget, and that no process still held. */
  readonly losses: number;
}

export function boundOf(trial: Trial): MintBound {
  return {
    lifetimes: lifetimes(trial),
    crashed: trial.fleet.workers.reduce((sum, { name }) => sum + uncounted(trial, name), 0),
    superseded: minted(trial, 'superseded'),
    failed: minted(trial, 'failed'),
    local: minted(trial, 'local'),
    invalidations: trial.observations.filter(isReplacement).length + trial.purges,
    losses: trial.losses,
  };
}

export function total(bound: MintBound): number {
  return Object.values(bound).reduce((sum, term: number) => sum + term, 0);
}

/** Calls of that worker that no metric of it counts. */
export function uncounted(trial: Trial, worker: string): number {
  const calls = trial.calls.filter((call) => call.worker === worker);
  const counted = trial.observations.filter((seen) => seen.worker === worker && seen.name === 'minted');
  return Math.max(0, calls.length - counted.length);
}

/** A rejection that was granted: the fleet mints once for it. */
function isReplacement({ name, outcome }: Observation): boolean {
  return name === 'rejected' && (outcome === 'replaced' || outcome === 'contested');
}

function minted(trial: Trial, outcome: string): number {
  return trial.observations.filter((seen) => seen.name === 'minted' && seen.outcome === outcome).length;
}

/** A token serves at least until its refresh window opens, 70 % of its life after it was asked for at the earliest. */
function lifetimes({ startedAt, calls }: Trial): number {
  const last = calls.at(-1);
  const lives = calls.flatMap(({ expiresInMs }) => expiresInMs ?? []);
  if (!last || lives.length === 0) return 1;
  return 1 + Math.floor((last.startedAt - startedAt) / (0.7 * Math.min(...lives)));
}
