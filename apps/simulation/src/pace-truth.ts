import { type Rejection } from '@mintonce/token-cache';
import { type Verdict } from './verdict.js';

/**
 * How soon the tokens of one key may be replaced because they were rejected, by the letter: no sooner than the pace after the
 * last time; the pace doubles up to the longest when a replacement comes within twice the pace, and else begins anew.
 */
export class PaceTruth {
  private last?: { readonly at: number; readonly paceMs: number };

  constructor(private readonly verdict: Verdict) {}

  granted({ paceMs, maxPaceMs, isContested }: Rejection, at: number, process: string): void {
    const { last } = this;
    // A clock that was set back says nothing of how long ago that was.
    const sinceMs = last && last.at <= at ? at - last.at : Infinity;
    const leastMs = isContested ? maxPaceMs : (last?.paceMs ?? 0);
    this.verdict.expect(sinceMs >= leastMs, 'rejected tokens are replaced at most once per pace', () => {
      return `${process} was granted a replacement ${sinceMs} ms after the last one, the pace being ${leastMs} ms`;
    });
    const isClose = last !== undefined && sinceMs <= 2 * last.paceMs;
    this.last = { at, paceMs: isClose ? Math.min(Math.max(2 * last.paceMs, paceMs), maxPaceMs) : paceMs };
  }

  forget(): void {
    delete this.last;
  }
}
