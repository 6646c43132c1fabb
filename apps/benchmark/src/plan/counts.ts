/** What processes ask of their store, and what it tells them. */
export interface Counts {
  readonly acquires: number;
  readonly commits: number;
  readonly invalidates: number;
  /** Events that the store published. */
  readonly published: number;
  /** Events that arrived, each in one process. */
  readonly delivered: number;
}

export const NOTHING: Counts = { acquires: 0, commits: 0, invalidates: 0, published: 0, delivered: 0 };

/** Calls of scripts, each of which is one command of Redis. */
export function scriptsOf({ acquires, commits, invalidates }: Counts): number {
  return acquires + commits + invalidates;
}
