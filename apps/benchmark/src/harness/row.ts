import { type RunningParts } from '@mintonce/test-support';
import { type Effort } from './contest.js';
import { type Finding } from './finding.js';

/** What a row is given to work with. */
export interface Bench {
  readonly effort: Effort;
  /** A Redis of this run alone, on the loopback. */
  readonly redisUrl: string;
  /** A folder of this row alone. */
  readonly directory: string;
  /** Stopped when the row is over. */
  readonly running: RunningParts;
  /** Says that the machine lacks something, so that a part of the row is missing. */
  lacks(what: string): void;
}

/** One line of the table: a piece of work, and all that does it. */
export interface Row {
  /** What `npm run bench -- NAME` calls it. */
  readonly name: string;
  readonly work: string;
  /** Where a peer wins, and why; and what else one must know to read the numbers. */
  readonly notes?: readonly string[];
  /** What stops the goals that are not met, with figures of a profile; the page shows it while there is such a goal. */
  readonly limit?: readonly string[];
  run(bench: Bench): Promise<Finding>;
}
