import { type TokenCall } from '@mintonce/demo';
import { type Counters } from './counters.js';

/** How one side fared so far. */
export interface SideSoFar {
  /** When each of its tokens was minted, in s since the load began, by the identity provider's own account. */
  readonly mintedAtS: readonly number[];
  /** What its workers counted. */
  readonly counters: Counters;
  /** Calls that were given no token. */
  readonly failed: number;
}

/** The story so far. */
export interface Telling {
  readonly seconds: number;
  readonly elapsedS: number;
  readonly workers: number;
  /** Life of a token. */
  readonly lifeS: number;
  /** Time from one call of a worker to its next. */
  readonly callEveryMs: number;
  readonly own: SideSoFar;
  readonly shared: SideSoFar;
}

/** The instants of one client's mints. */
export function mintsOf(calls: readonly TokenCall[], clientId: string, beganAt: number): number[] {
  return calls
    .filter((call) => call.clientId === clientId && call.status === 200)
    .map(({ startedAt }) => Math.max(0, (startedAt - beganAt) / 1_000));
}

/** How many of the mints had begun at each of those instants. */
export function countAt(instants: readonly number[], mintedAtS: readonly number[]): number[] {
  return instants.map((instant) => mintedAtS.filter((at) => at <= instant).length);
}

/** What the two curves mean. */
export function sentenceOf({ own, shared, workers }: Telling): string {
  const many = own.mintedAtS.length;
  const few = shared.mintedAtS.length;
  return `The same load: where each of the ${workers} workers caches for itself, each mints for itself, ${many} tokens in all; where they share one cache, ${few} serve all of them, one per lifetime.`;
}
