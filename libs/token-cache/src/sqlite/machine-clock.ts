import { type Database } from 'libsql';

/** The difference of two clocks cannot be read more exactly while the machine is busy; a safety margin is far longer. */
const TOLERANCE_MS = 50;

/** One row: how far the wall clock was ahead of the monotonic one when somebody looked last. */
export const CLOCK_TABLE = 'CREATE TABLE IF NOT EXISTS clock (aheadMs INTEGER NOT NULL) STRICT;';

/**
 * The time of a database file: the wall clock, which goes on while the machine sleeps or is switched off, but which somebody may set
 * back, and a token would then live longer here than it does. The process that notices first moves all instants in the file
 * back by as much.
 */
export class MachineClock {
  readonly #database: Database;
  #knownAheadMs?: number;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Epoch ms; may write to the file. */
  now(): number {
    const aheadMs = readAheadMs();
    if (!isSame(aheadMs, this.#knownAheadMs)) this.#learn(aheadMs);
    return Date.now();
  }

  #learn(aheadMs: number): void {
    if (!isSame(aheadMs, this.#lastAheadMs())) {
      this.#database.transaction(() => this.#write(aheadMs)).immediate();
    }
    this.#knownAheadMs = aheadMs;
  }

  /** Another process may have written it by now. */
  #write(aheadMs: number): void {
    const lastMs = this.#lastAheadMs();
    if (isSame(aheadMs, lastMs)) return;
    if (lastMs !== undefined && aheadMs < lastMs) this.#moveInstantsBack(lastMs - aheadMs);
    this.#database.exec(`DELETE FROM clock; INSERT INTO clock VALUES (${aheadMs})`);
  }

  #moveInstantsBack(byMs: number): void {
    // Both readings were rounded to whole ms.
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

/** All processes of a machine share its monotonic clock. A process that was held up between the two looks again. */
function readAheadMs(): number {
  for (;;) {
    const before = monotonicMs();
    const wall = Date.now();
    if (monotonicMs() - before < TOLERANCE_MS / 2) return wall - before;
  }
}

/** Not `performance.now()`, which every process counts from its own start. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
