import { leastServiceMs, lifetimesBegunBy, mintBound, type MintBound } from '@mintonce/test-support/mint-bound';
import { type Observation } from './messages.js';
import { type TrialRecord } from './trial-record.js';

/** What may cost a mint in a trial besides the end of a life. */
export interface MintTerms {
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

/** The bound on the mints of some keys; the terms are of all keys since the first trial began, and count once. */
export function boundOf(first: TrialRecord, ...others: readonly TrialRecord[]): MintBound<MintTerms> {
  const trials = [first, ...others];
  const calls = trials.reduce((sum, trial) => sum + trial.calls.length, 0);
  const lifetimes = trials.reduce((sum, trial) => sum + lifetimesOf(trial), 0);
  return mintBound(calls, lifetimes, termsOf(first));
}

/** Calls of that worker that no metric of it counts. */
export function uncounted(trial: TrialRecord, worker: string): number {
  const calls = trial.calls.filter((call) => call.worker === worker);
  const counted = trial.observations.filter((seen) => seen.worker === worker && seen.name === 'minted');
  return Math.max(0, calls.length - counted.length);
}

function termsOf(trial: TrialRecord): MintTerms {
  return {
    crashed: trial.fleet.workers.reduce((sum, { name }) => sum + uncounted(trial, name), 0),
    superseded: minted(trial, 'superseded'),
    failed: minted(trial, 'failed'),
    local: minted(trial, 'local'),
    invalidations: trial.observations.filter(isReplacement).length + trial.purges,
    losses: trial.losses,
  };
}

/** A rejection that was granted: the fleet mints once for it. */
function isReplacement({ name, outcome }: Observation): boolean {
  return name === 'rejected' && (outcome === 'replaced' || outcome === 'contested');
}

function minted(trial: TrialRecord, outcome: string): number {
  return trial.observations.filter((seen) => seen.name === 'minted' && seen.outcome === outcome).length;
}

function lifetimesOf({ calls }: TrialRecord): number {
  const lives = calls.flatMap(({ expiresInMs }) => expiresInMs ?? []);
  const startsAt = calls.map(({ startedAt }) => startedAt);
  return lifetimesBegunBy(startsAt, leastServiceMs(Math.min(...lives)));
}
