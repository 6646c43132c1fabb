import { acquire, commit, keptUntil, purge, type Slot } from './slot.js';
import { type Lease } from '../contract/token-store.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const LEASE_MS = 3_000;

function leaseOf(
  slot: Slot | undefined,
  now: number,
  { nonce = 'a', minTtlMs = 0 } = {},
): { lease: Lease; slot: Slot } {
  const { answer, slot: after } = acquire(slot, { nonce, leaseMs: LEASE_MS, minTtlMs }, now);
  if (answer.outcome !== 'lease' || !after) throw new Error(answer.outcome);
  return { lease: answer.lease, slot: after };
}

/** A slot with a token of one hour. */
function published(now: number): { slot: Slot; fence: number } {
  const { lease, slot } = leaseOf(undefined, now);
  const { slot: after } = commit(slot, lease, 'payload', HOUR, now);
  if (!after) throw new Error('nothing was stored');
  return { slot: after, fence: lease.fence };
}

describe('A slot', () => {
  it('is kept for longer than a day, which is as long as a token lives at most', () => {
    const { slot } = published(NOW);
    expect(keptUntil(slot, NOW)).toBe(NOW + 25 * HOUR);
    expect(keptUntil({ ...slot, tokenEndsAt: NOW + 30 * HOUR }, NOW)).toBe(NOW + 30 * HOUR);
  });

  it('grants rising fences although the clock was set back', () => {
    const { slot, fence } = published(NOW);
    const again = leaseOf(slot, NOW - HOUR, { minTtlMs: 3 * HOUR });
    expect(again.lease.fence).toBe(fence + 1);
    expect(purge(again.slot, NOW - HOUR).slot?.fence).toBe(fence + 2);
  });

  it('offers a superseded holder a newer token only, not the one that it was to replace', () => {
    const { slot } = published(NOW);
    const late = leaseOf(slot, NOW + 1, { minTtlMs: 2 * HOUR });
    const taken = leaseOf(late.slot, NOW + 2 + LEASE_MS, { nonce: 'b', minTtlMs: 2 * HOUR });
    expect(commit(taken.slot, late.lease, 'late', HOUR, NOW + 3 + LEASE_MS).answer).toEqual({ outcome: 'superseded' });
  });

  it('that was lost takes the token of a lease as long as that could be live, and no longer', () => {
    const { lease } = leaseOf(undefined, NOW);
    expect(commit(undefined, lease, 'payload', HOUR, NOW + LEASE_MS).answer.outcome).toBe('stored');
    expect(commit(undefined, lease, 'payload', HOUR, NOW + LEASE_MS + 1).answer.outcome).toBe('superseded');
  });
});
