import { type PublishedToken } from './store-truth.js';
import { type VainWait, wasVoidedMeanwhile } from './voided-wait.js';

/** A caller that was refused with generation 4, and waited for 11 s for what takes one mint of 5 s. */
const WAIT: VainWait = { since: 1_000, until: 12_000, above: 4, minLifeMs: 0, hearingMs: 80, mintMs: 5_000, mints: 1 };

function stored(fence: number, storedAt: number, ttlMs = 60_000): PublishedToken {
  return { fence, storedAt, accessToken: `t${fence}`, refreshWindowMs: 0, endsAt: storedAt + ttlMs, ttlMs };
}

function marked(generation: number, at: number): [number, { at: number; process: string }] {
  return [generation, { at, process: 'p1' }];
}

describe('A caller that waited in vain', () => {
  it.each([
    { history: 'a purge voided a mint a moment ago', purgedAt: [11_000] },
    { history: 'a token was purged before it was heard of', published: [stored(5, 10_000)], purgedAt: [10_003] },
    {
      history: 'a token was rejected before it was heard of',
      published: [stored(5, 10_000)],
      marks: [marked(5, 10_050)],
    },
    { history: 'each mint was voided, and the last a moment ago', purgedAt: [500, 4_000, 9_000] },
    {
      history: 'the token that was purged meanwhile was the refused one',
      published: [stored(4, 500)],
      purgedAt: [9_000],
    },
    { history: 'a token had ended before it came', published: [stored(5, 0, 900)], purgedAt: [9_000] },
    {
      history: 'a token ended too soon for its need',
      published: [stored(5, 500, 2_000)],
      purgedAt: [9_000],
      wait: { minLifeMs: 1_750 },
    },
    {
      history: 'the successor of a token was rejected before it came',
      published: [stored(5, 0), stored(6, 100)],
      marks: [marked(6, 200)],
      purgedAt: [9_000],
    },
    {
      history: 'two mints may follow the last purge, of which the first fails',
      purgedAt: [2_000],
      wait: { mints: 2 },
    },
  ])('had no time where $history', ({ published = [], marks = [], purgedAt = [], wait = {} }) => {
    expect(wasVoidedMeanwhile({ published, marks: new Map(marks), purgedAt }, { ...WAIT, ...wait })).toBe(true);
  });

  it.each([
    { history: 'nothing was voided' },
    { history: 'the last purge was before it came', purgedAt: [900] },
    { history: 'a mint had time after the last purge', purgedAt: [6_000] },
    { history: 'a mint had time after the last rejection', published: [stored(5, 5_990)], marks: [marked(5, 6_000)] },
    { history: 'only the refused token was rejected', published: [stored(4, 500)], marks: [marked(4, 11_000)] },
    { history: 'a token was shared for long enough', published: [stored(5, 10_000)], purgedAt: [10_100] },
    { history: 'a token is shared still', published: [stored(5, 11_500)], purgedAt: [11_000] },
    { history: 'a token was shared when it came', published: [stored(5, 500)], purgedAt: [9_000] },
  ])('had time where $history', ({ published = [], marks = [], purgedAt = [] }) => {
    expect(wasVoidedMeanwhile({ published, marks: new Map(marks), purgedAt }, WAIT)).toBe(false);
  });
});
