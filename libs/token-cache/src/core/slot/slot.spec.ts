import { afterGroupPurge, groupPurge } from './group-purge.js';
import { offer } from './offer.js';
import { keptUntil, type Slot } from './slot-state.js';
import { acquire, commit, fail, invalidate, peek, purge, renew } from './slot.js';
import { type Lease, type Rejection } from '../contract/token-store.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LEASE_MS = 3_000;

function leaseOf(
  slot: Slot | undefined,
  now: number,
  { nonce = 'a', minTtlMs = 0, leaseMs = LEASE_MS } = {},
): { lease: Lease; slot: Slot } {
  const { answer, slot: after } = acquire(slot, { nonce, leaseMs, minTtlMs }, now);
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

/** Of a key whose group was purged a minute ago. */
const commitAfterGroupPurge: typeof commit = (slot, lease, payload, ttlMs, now) =>
  afterGroupPurge(groupPurge(0, NOW - 60_000), (known, at) => commit(known, lease, payload, ttlMs, at))(slot, now);

function rejected({ slot, fence }: { slot: Slot; fence: number }, now: number, policy: Partial<Rejection> = {}): Slot {
  const rejection = { generation: fence, paceMs: 5_000, maxPaceMs: DAY, isContested: false, ...policy };
  const { slot: after } = invalidate(slot, rejection, now);
  if (!after) throw new Error('the rejection was not granted');
  return after;
}

describe('Slot', () => {
  it('tells of a cool-down that binds everybody without the name of a process', () => {
    const { lease, slot } = leaseOf(undefined, NOW);
    const { slot: failed } = fail(slot, lease, { error: 'busy', remainingMs: 1_000 }, NOW);
    const { answer } = acquire(failed, { nonce: 'b', leaseMs: LEASE_MS, minTtlMs: 0 }, NOW);
    expect('cooldown' in answer && answer.cooldown).toStrictEqual({ error: 'busy', remainingMs: 1_000 });
  });

  it('has another fence for each purge of its group, within one microsecond too', () => {
    const first = groupPurge(0, NOW);
    expect(groupPurge(first, NOW)).toBe(first + 1);
  });

  describe('is kept for a day longer than', () => {
    it('its last change, when nothing in it lasts', () => {
      const { slot } = purge(undefined, NOW);
      expect(keptUntil(slot!, NOW)).toBe(NOW + DAY);
    });

    it('its token', () => {
      expect(keptUntil(published(NOW).slot, NOW)).toBe(NOW + HOUR + DAY);
    });

    it('its lease', () => {
      const { slot } = leaseOf(undefined, NOW, { leaseMs: 2 * HOUR });
      expect(keptUntil(slot, NOW)).toBe(NOW + 2 * HOUR + DAY);
    });

    it('its cool-down', () => {
      const { lease, slot } = leaseOf(undefined, NOW);
      const { slot: failed } = fail(slot, lease, { error: 'busy', remainingMs: 2 * HOUR }, NOW);
      expect(keptUntil(failed!, NOW)).toBe(NOW + 2 * HOUR + DAY);
    });

    it('the pace of its rejections says anything', () => {
      const marked = rejected(published(NOW), NOW, { paceMs: 2 * HOUR });
      expect(keptUntil(marked, NOW)).toBe(NOW + 4 * HOUR + DAY);
    });
  });

  it('is never kept for a shorter time than before because another part of it changed', () => {
    const marked = rejected(published(NOW), NOW, { paceMs: 2 * HOUR });
    const { lease, slot } = leaseOf(marked, NOW + 1);
    const steps = [
      slot,
      renew(slot, lease, NOW + 2).slot!,
      fail(slot, lease, undefined, NOW + 2).slot!,
      commit(slot, lease, 'payload', HOUR, NOW + 2).slot!,
    ];
    for (const after of steps) expect(keptUntil(after, NOW + 2)).toBe(NOW + 4 * HOUR + DAY);
  });

  describe('with a token that was rejected', () => {
    it('hands it back until it ends, and grants its replacement', () => {
      const token = published(NOW);
      const marked = rejected(token, NOW);
      const attempt = { nonce: 'b', leaseMs: LEASE_MS, minTtlMs: 0 };
      const before = acquire(marked, attempt, NOW + HOUR - 1).answer;
      expect(before).toMatchObject({
        outcome: 'lease',
        reason: 'invalidated',
        rejected: { fence: token.fence, ttlMs: 1 },
      });
      const after = acquire(marked, attempt, NOW + HOUR).answer;
      expect(after).toMatchObject({ outcome: 'lease', reason: 'invalidated', rejected: undefined });
    });

    it('is marked until the next commit, which keeps the pace', () => {
      const marked = rejected(published(NOW), NOW, { paceMs: HOUR });
      expect(peek(marked, NOW).answer).toMatchObject({ isRejected: true });
      const { lease, slot } = leaseOf(marked, NOW);
      const { slot: replaced } = commit(slot, lease, 'next', 2 * HOUR, NOW);
      expect(peek(replaced, NOW).answer).toMatchObject({ token: { payload: 'next' }, isRejected: false });
      const rejection = { generation: lease.fence, paceMs: 1, maxPaceMs: DAY, isContested: false };
      expect(invalidate(replaced, rejection, NOW + HOUR - 1)).toEqual({ answer: 'held' });
      expect(invalidate(replaced, rejection, NOW + HOUR).answer).toBe('replaced');
    });

    it('is not marked where the rejection was contested', () => {
      const token = published(NOW);
      const contested = rejected(token, NOW, { isContested: true });
      expect(peek(contested, NOW).answer).toMatchObject({ isRejected: false });
      const attempt = { nonce: 'b', leaseMs: LEASE_MS, minTtlMs: 0 };
      expect(acquire(contested, attempt, NOW).answer.outcome).toBe('hit');
      expect(acquire(contested, { ...attempt, refusedGeneration: token.fence }, NOW).answer).toMatchObject({
        ...{ outcome: 'lease', reason: 'refresh' },
        ...{ token: undefined, rejected: { fence: token.fence } },
      });
    });

    it('is not changed by a rejection that is held or stale', () => {
      const token = published(NOW);
      const marked = rejected(token, NOW);
      const rejection = { generation: token.fence, paceMs: 1, maxPaceMs: 1, isContested: false };
      expect(invalidate(marked, rejection, NOW + 1)).toEqual({ answer: 'stale' });
      expect(invalidate(undefined, rejection, NOW)).toEqual({ answer: 'stale' });
    });
  });

  describe('of which the clock was set back', () => {
    it('ends a lease that would last for longer than it was granted for', () => {
      const { slot, lease } = leaseOf(undefined, NOW);
      const before = acquire(slot, { nonce: 'b', leaseMs: LEASE_MS, minTtlMs: 0 }, NOW - 1);
      expect(before.answer).toMatchObject({ outcome: 'lease', lease: { fence: lease.fence + 1 } });
      expect(acquire(slot, { nonce: 'b', leaseMs: LEASE_MS, minTtlMs: 0 }, NOW).answer.outcome).toBe('wait');
    });

    it('measures that by the time that the lease was renewed for last', () => {
      const { slot, lease } = leaseOf(undefined, NOW);
      const { slot: renewed } = renew(slot, { ...lease, leaseMs: HOUR }, NOW);
      const attempt = { nonce: 'b', leaseMs: 1, minTtlMs: 0 };
      expect(acquire(renewed, attempt, NOW).answer).toMatchObject({ outcome: 'wait', leaseEndsInMs: HOUR });
      expect(acquire(renewed, attempt, NOW - 1).answer.outcome).toBe('lease');
    });

    it('grants the holder of such a lease a new one, under a higher fence', () => {
      const { slot, lease } = leaseOf(undefined, NOW);
      expect(leaseOf(slot, NOW - HOUR).lease.fence).toBe(lease.fence + 1);
    });

    it('ends a cool-down that was over, and that the clock brought back, with the next failure', () => {
      const first = leaseOf(undefined, NOW);
      const { slot: cooling } = fail(first.slot, first.lease, { error: 'long', remainingMs: HOUR }, NOW);
      const { slot, lease } = leaseOf(cooling, NOW + HOUR);
      const { slot: failed } = fail(slot, lease, { error: 'short', remainingMs: 1_000 }, NOW);
      expect(peek(failed, NOW).answer.cooldown).toEqual({ error: 'short', remainingMs: 1_000 });
    });
  });

  describe('that a process of an older version wrote', () => {
    it('has a live lease as long as it says', () => {
      const { slot } = leaseOf(undefined, NOW);
      const attempt = { nonce: 'b', leaseMs: 1, minTtlMs: 0 };
      expect(acquire({ ...slot, leaseMs: 0 }, attempt, NOW - HOUR).answer.outcome).toBe('wait');
    });

    it('has nothing void without a purge', () => {
      const { slot } = leaseOf(undefined, NOW);
      const { answer } = acquire(slot, { nonce: 'b', leaseMs: 1, minTtlMs: 0 }, NOW);
      expect(answer).toMatchObject({ outcome: 'wait', voidedUpTo: 0 });
    });

    it.each(['commit', 'offer'])('remembers its purge over the next %s', (how) => {
      const { slot, answer: fence } = purge(undefined, NOW);
      const older = { ...slot!, voided: 0 };
      const { lease, slot: leased } = leaseOf(older, NOW + 1);
      const { slot: next } =
        how === 'commit'
          ? commit(leased, lease, 'payload', HOUR, NOW + 1)
          : offer(older, { generation: lease.fence, payload: 'payload', ttlMs: HOUR }, NOW + 1);
      expect(next).toMatchObject({ invalidated: 0 });
      expect(next!.voided).toBeGreaterThanOrEqual(fence - 1);
      expect(next!.voided).toBeLessThan(lease.fence);
    });
  });

  it('tells the time of an answer in whole us', () => {
    const { slot } = leaseOf(undefined, NOW);
    const { answer } = acquire(slot, { nonce: 'b', leaseMs: 1, minTtlMs: 0 }, NOW + 0.0015);
    expect(answer).toMatchObject({ outcome: 'wait', answeredAtUs: NOW * 1_000 + 1 });
  });

  it('takes from the life of an offered token what the offer took to arrive, and counts a part of a ms in full', () => {
    const offered = { generation: 7, payload: 'payload', ttlMs: 1_000 };
    const since = { answeredAtUs: NOW * 1_000, sinceMs: 100.5 };
    const { slot } = offer(undefined, { ...offered, since }, NOW + 400);
    expect(slot?.tokenEndsAt).toBe(NOW + 400 + 700);
    expect(offer(undefined, { ...offered, ttlMs: 300, since }, NOW + 400)).toEqual({
      answer: { outcome: 'superseded' },
    });
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

  describe.each([
    ['', commit],
    [', though a purge of its group is known', commitAfterGroupPurge],
  ])('that was lost%s,', (_what, commitToLost) => {
    it('takes the token of a lease as long as that could be live, and no longer', () => {
      const { lease } = leaseOf(undefined, NOW);
      expect(commitToLost(undefined, lease, 'payload', HOUR, NOW + LEASE_MS).answer.outcome).toBe('stored');
      expect(commitToLost(undefined, lease, 'payload', HOUR, NOW + LEASE_MS + 1).answer.outcome).toBe('superseded');
    });
  });

  it('that was purged takes the token of a later lease at any time', () => {
    const { slot, answer: fence } = purge(undefined, NOW);
    const lease = { nonce: 'a', fence: fence + 1, leaseMs: LEASE_MS };
    expect(commit(slot, lease, 'payload', HOUR, NOW + HOUR).answer.outcome).toBe('stored');
  });
});
