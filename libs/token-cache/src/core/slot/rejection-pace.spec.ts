import { type Rejection } from '../contract/token-store.js';
import { NO_PACE, paceEndsAt, paceRejection, type RejectionPace } from './rejection-pace.js';

const NOW = Date.UTC(2026, 0, 1);
/** The generation that was rejected last, and the one that is rejected now. */
const [LAST, CURRENT] = [7, 8];
const PACE_MS = 5_000;
const MAX_PACE_MS = 60_000;

const ordinary: Rejection = { generation: CURRENT, paceMs: PACE_MS, maxPaceMs: MAX_PACE_MS, isContested: false };
const contested: Rejection = { ...ordinary, isContested: true };

/** A grant so many ms ago. */
function granted(agoMs: number, paceMs = PACE_MS, rejected = LAST): RejectionPace {
  return { rejected, replacedAt: NOW - agoMs, paceMs };
}

function paceFrom(now: number, paceMs: number): RejectionPace {
  return { rejected: CURRENT, replacedAt: now, paceMs };
}

describe('paceRejection', () => {
  it.each<[string, RejectionPace, Rejection]>([
    ['just after a grant', granted(0), ordinary],
    ['until the pace has passed', granted(4_999), ordinary],
    ['until a doubled pace has passed', granted(9_999, 10_000), ordinary],
    ['by the pace of the last grant when its own is shorter', granted(4_999), { ...ordinary, paceMs: 1, maxPaceMs: 1 }],
    ['when it is contested, until the longest pace has passed', granted(59_999), contested],
    ['when it is contested, by its own longest pace', granted(4_999), { ...contested, maxPaceMs: 5_000 }],
  ])('holds a rejection %s', (_when, last, rejection) => {
    expect(paceRejection(last, rejection, NOW)).toEqual({ verdict: 'held' });
  });

  it.each<[string, RejectionPace, Rejection]>([
    ['a rejection', granted(4_999, PACE_MS, CURRENT), ordinary],
    ['a contested rejection', granted(59_999, PACE_MS, CURRENT), contested],
  ])('calls %s stale while the early refresh of the same token is granted', (_what, last, rejection) => {
    expect(paceRejection(last, rejection, NOW)).toEqual({ verdict: 'stale' });
  });

  it.each<[string, RejectionPace, Rejection, number]>([
    ['the first pace when there was no grant', NO_PACE, ordinary, 5_000],
    ['twice the pace as soon as the pace has passed', granted(5_000), ordinary, 10_000],
    ['twice the pace at the end of twice the pace', granted(10_000), ordinary, 10_000],
    ['the first pace when more than twice the pace has passed', granted(10_001), ordinary, 5_000],
    ['twice a doubled pace', granted(10_000, 10_000), ordinary, 20_000],
    ['its own pace when that is longer than twice the last', granted(10, 10), { ...ordinary, paceMs: 5_000 }, 5_000],
    ['no more than the longest pace', granted(40_000, 40_000), ordinary, 60_000],
    ['the longest pace again', granted(60_000, 60_000), ordinary, 60_000],
    ['the first pace after a long pace without rejections', granted(120_001, 60_000), ordinary, 5_000],
    ['the first pace when the last grant lies ahead', granted(-1), ordinary, 5_000],
    [
      'twice the pace for the same token when a contested refresh brought nothing',
      granted(5_000, 5_000, 8),
      ordinary,
      10_000,
    ],
  ])('grants a rejection with %s', (_what, last, rejection, paceMs) => {
    expect(paceRejection(last, rejection, NOW)).toEqual({ verdict: 'replaced', pace: paceFrom(NOW, paceMs) });
  });

  it.each<[string, RejectionPace, Rejection, number]>([
    ['when there was no grant', NO_PACE, contested, 5_000],
    ['once the longest pace has passed', granted(60_000), contested, 5_000],
    ['and doubles a pace that is long', granted(60_000, 40_000), contested, 60_000],
    ['when the last grant lies ahead', granted(-1), contested, 5_000],
  ])('grants a contested rejection %s', (_what, last, rejection, paceMs) => {
    expect(paceRejection(last, rejection, NOW)).toEqual({ verdict: 'contested', pace: paceFrom(NOW, paceMs) });
  });

  it('replaces ever fewer tokens for an upstream that refuses every one', () => {
    const grantedAtMs: number[] = [];
    let last = NO_PACE;
    for (let atMs = 0; atMs <= 200_000; atMs += 1_000) {
      const { pace } = paceRejection(last, { ...ordinary, generation: atMs + 1 }, NOW + atMs);
      if (pace) grantedAtMs.push(atMs);
      last = pace ?? last;
    }
    expect(grantedAtMs).toEqual([0, 5_000, 15_000, 35_000, 75_000, 135_000, 195_000]);
  });
});

describe('paceEndsAt', () => {
  it('is the last instant at which the pace can be doubled', () => {
    const last = granted(0);
    const endsAt = paceEndsAt(last);
    expect(paceRejection(last, ordinary, endsAt).pace?.paceMs).toBe(2 * PACE_MS);
    expect(paceRejection(last, ordinary, endsAt + 1).pace?.paceMs).toBe(PACE_MS);
  });

  it('lies in the past when there was no grant', () => {
    expect(paceEndsAt(NO_PACE)).toBe(0);
  });
});
