import { type Clock } from './clock.js';

/**
 * An instant on both clocks. The monotonic clock stands still while a machine is suspended, and the wall clock may be set
 * back; what ends is over as soon as one of the two says so.
 */
export interface Moment {
  /** Ms of the monotonic clock. */
  readonly monotonicAt: number;
  /** Epoch ms of the wall clock. */
  readonly wallAt: number;
}

/** The present. */
export function momentOf(clock: Clock): Moment {
  return { monotonicAt: clock.monotonic(), wallAt: clock.now() };
}

/** The moment that lies `ms` later on both clocks; earlier when `ms` is negative. */
export function after(moment: Moment, ms: number): Moment {
  return { monotonicAt: moment.monotonicAt + ms, wallAt: moment.wallAt + ms };
}

/** What is left until `end`, in ms, by the clock that leaves less; negative once it is over. */
export function leftMs(end: Moment, now: Moment): number {
  return Math.min(end.monotonicAt - now.monotonicAt, end.wallAt - now.wallAt);
}

/** Whether `end` is reached by either clock. */
export function isOver(end: Moment, now: Moment): boolean {
  return leftMs(end, now) <= 0;
}

/** Whether `end` is reached by the wall clock alone: the machine slept or its clock was set, so that the store may know better. */
export function isOverByWallAlone(end: Moment, now: Moment): boolean {
  return end.wallAt <= now.wallAt && end.monotonicAt > now.monotonicAt;
}

/** Clocks that moved apart by more than this say that the machine slept, or that one of them was set. */
export const MOST_DRIFT_MS = 1_000;

/** How much further the wall clock moved than the monotonic one, in ms: the machine slept, or its clock was set; negative when set back. */
export function sleptMs(since: Moment, now: Moment): number {
  return now.wallAt - since.wallAt - (now.monotonicAt - since.monotonicAt);
}

/** What passed since then, in ms, by the clock that went further: the monotonic one stands still while the machine sleeps. */
export function passedMs(since: Moment, now: Moment): number {
  return -leftMs(since, now);
}

/** What ends when the first of the two does, by each clock. */
export function earlier(one: Moment, other: Moment): Moment {
  return {
    monotonicAt: Math.min(one.monotonicAt, other.monotonicAt),
    wallAt: Math.min(one.wallAt, other.wallAt),
  };
}
