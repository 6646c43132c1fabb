import { type Database } from 'libsql';
import { inWriteTransaction } from './write-transaction.js';

/** On a busy machine the difference of two clocks cannot be read more exactly. The safety margin of a token is far longer. */
const TOLERANCE_MS = 50;

/** One row: how far the wall clock was ahead of the monotonic clock at the last check of any process. */
export const CLOCK_TABLE = 'CREATE TABLE IF NOT EXISTS clock (aheadMs INTEGER NOT NULL) STRICT;';

/**
 * The clock of a database file. It is the wall clock, because that goes on while the machine sleeps or is off. But a wall clock
 * can be set back, and tokens would then outlive their expiry. The process that notices this first moves all instants in the file
 * back by the same amount.
 */
export class MachineClock {
  readonly #database: Database;
  readonly #onWrite: () => void;
  #knownAheadMs?: number;

  /** @param onWrite called when it writes to the file */
  constructor(database: Database, onWrite: () => void) {
    this.#database = database;
    this.#onWrite = onWrite;
  }

  /** The time in epoch ms. It writes to the file if the wall clock was set. */
  now(): number {
    const aheadMs = readAheadMs();
    if (!isSame(aheadMs, this.#knownAheadMs)) this.#learn(aheadMs);
    return Date.now();
  }

  #learn(aheadMs: number): void {
    if (!isSame(aheadMs, this.#lastAheadMs())) {
      this.#onWrite();
      inWriteTransaction(this.#database, () => this.#write(aheadMs));
    }
    this.#knownAheadMs = aheadMs;
  }

  /** Reads the row again inside the transaction: another process may have written it meanwhile. */
  #write(aheadMs: number): void {
    const lastMs = this.#lastAheadMs();
    if (isSame(aheadMs, lastMs)) return;
    if (lastMs !== undefined && aheadMs < lastMs) this.#moveInstantsBack(lastMs - aheadMs);
    this.#database.exec(`DELETE FROM clock; INSERT INTO clock VALUES (${aheadMs})`);
  }

  #moveInstantsBack(byMs: number): void {
    // One more, since both readings were rounded to whole ms.
    const moved = ['tokenEndsAt', 'leaseEndsAt', 'cooldownEndsAt', 'replacedAt'].map(
      (name) => `${name} = MAX(0, ${name} - ${byMs + 1})`,
    );
    this.#database.exec(`UPDATE slots SET ${moved.join(', ')}`);
  }

  #lastAheadMs(): number | undefined {
    const row = this.#database.prepare('SELECT aheadMs FROM clock').get([]) as { aheadMs: number } | undefined;
    return row?.aheadMs;
  }
}

function isSame(aheadMs: number, otherMs: number | undefined): boolean {
  return otherMs !== undefined && Math.abs(aheadMs - otherMs) <= TOLERANCE_MS;
}

/** How far the wall clock is ahead of the monotonic clock. A process that was suspended between the two readings reads again. */
function readAheadMs(): number {
  for (;;) {
    const before = monotonicMs();
    const wall = Date.now();
    if (monotonicMs() - before < TOLERANCE_MS / 2) return wall - before;
  }
}

/** Ms of the monotonic clock, which all processes of a machine share; `performance.now()` starts with the process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
