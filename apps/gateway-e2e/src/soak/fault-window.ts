import { type Excuse } from './fault.js';

/** When a fault was there; instants in monotonic ms. */
export interface FaultWindow {
  readonly name: string;
  readonly excuses: readonly Excuse[];
  readonly healingMs: number;
  readonly startedAt: number;
  endedAt: number;
  /** From the end of the fault until every worker said that it has all it needs; undefined when they never did. */
  recoveryMs?: number | undefined;
  /** Why the fault could not be made, or undone. */
  problem?: string;
}

/** Whether the fault was active or healing at any moment of that time. */
export function isTouchedBy(
  window: FaultWindow,
  { startedAt, endedAt }: { startedAt: number; endedAt: number },
): boolean {
  return startedAt <= window.endedAt + window.healingMs && endedAt >= window.startedAt;
}
