import { leastServiceMs, lifetimesBegunBy, mintBound } from './mint-bound.js';

const LIFETIME_MS = 8_000;
const SERVICE_MS = leastServiceMs(LIFETIME_MS);

/** Eight seconds of life, of which the last fifth is the refresh window. */
function callsEvery(periodMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => 1_000_000 + index * periodMs);
}

describe('The bound on mints', () => {
  it('is one for each lifetime and one for each event that may cost another', () => {
    expect(mintBound(4, 2, { failed: 1, purges: 1 })).toMatchObject({ bound: 4, holds: true });
    expect(mintBound(5, 2, { failed: 1, purges: 1 })).toMatchObject({ bound: 4, holds: false });
  });

  it('counts a lifetime for each mint that comes when the token before has served its time', () => {
    expect(lifetimesBegunBy(callsEvery(6_400, 10), SERVICE_MS)).toBe(10);
  });

  it('does not count a lifetime for a mint that comes too soon, in whatever order the calls are listed', () => {
    expect(lifetimesBegunBy([...callsEvery(6_400, 10), 1_000_100], SERVICE_MS)).toBe(10);
  });

  it('counts one lifetime when every worker mints for itself', () => {
    const calls = callsEvery(6_400, 10).flatMap((at) => [at, at + 50, at + 90, at + 120]);
    expect(lifetimesBegunBy(calls, SERVICE_MS)).toBe(10);
  });

  it('counts no lifetime before the first mint, and one for mints that brought no token', () => {
    expect(lifetimesBegunBy([], Infinity)).toBe(0);
    expect(lifetimesBegunBy([1, 60_000], Infinity)).toBe(1);
  });
});
