import { Breaker, type Passage, type Verdict } from './breaker.js';

/** Ends a call that was sent at `sentAt`, at `at`; or asks at `at` whether a call may be made. */
type Step =
  | { readonly at: number; readonly ends: Verdict; readonly sentAt?: number }
  | { readonly at: number; readonly asks: 'passes' | 'is refused'; readonly insists?: boolean };

const ends = (at: number, verdict: Verdict): Step => ({ at, ends: verdict });
const old = (sentAt: number, at: number, verdict: Verdict): Step => ({ at, ends: verdict, sentAt });
const passes = (at: number): Step => ({ at, asks: 'passes' });
const insists = (at: number): Step => ({ at, asks: 'passes', insists: true });
const isRefused = (at: number): Step => ({ at, asks: 'is refused' });
const opened = [ends(0, 'failed'), ends(0, 'failed'), ends(0, 'failed')];

const CASES: readonly (readonly [string, readonly Step[]])[] = [
  ['lets calls through after two failures', [ends(0, 'failed'), ends(0, 'failed'), passes(0)]],
  ['opens at the third failure in a row', [...opened, isRefused(0), isRefused(999)]],
  [
    'counts anew after an answer',
    [...opened.slice(1), ends(1, 'answered'), ...[2, 3].map((at) => ends(at, 'failed')), passes(4)],
  ],
  ['does not count calls that ended for a reason of the process', [...Array(9).fill(ends(0, 'unknown')), passes(0)]],
  [
    'is not closed by such a call',
    [ends(0, 'failed'), ends(0, 'failed'), ends(0, 'unknown'), ends(0, 'failed'), isRefused(1)],
  ],
  ['opens at once after many answers', [...Array(100).fill(ends(0, 'answered')), ...opened, isRefused(1)]],
  [
    'opens at once again after many refusals',
    [
      ...opened,
      ...Array(100).fill(isRefused(1)),
      ends(1_000, 'answered'),
      ...[1_001, 1_002, 1_003].map((at) => ends(at, 'failed')),
      isRefused(1_004),
    ],
  ],
  [
    'does not count the failure of a call that was sent before the last answer came',
    [ends(500, 'answered'), ...Array(9).fill(old(100, 600, 'failed')), passes(601)],
  ],
  [
    'lets one call try after a second, and no other meanwhile',
    [...opened, passes(1_000), isRefused(1_000), isRefused(5_000)],
  ],
  [
    'stays open for a second more when that call fails',
    [...opened, ends(1_000, 'failed'), isRefused(1_999), passes(2_000)],
  ],
  ['closes when that call is answered', [...opened, ends(1_000, 'answered'), passes(1_000), passes(1_000)]],
  [
    'lets no other try beside it when a call that was sent before ends',
    [...opened, passes(1_000), old(0, 1_001, 'failed'), isRefused(1_001)],
  ],
  [
    'lets another call try at once when that call ended for a reason of the process',
    [...opened, ends(1_000, 'unknown'), passes(1_000), isRefused(1_000)],
  ],
  [
    'closes when a call that was sent before it opened is answered',
    [...opened, old(0, 300, 'answered'), passes(301), passes(301)],
  ],
  [
    'lets a call through that insists, and the one that tries beside it',
    [...opened, insists(1), insists(1_000), passes(1_000)],
  ],
  ['is closed by the answer to a call that insists', [...opened, insists(1), old(1, 2, 'answered'), passes(3)]],
  ['is not kept open by a call that insists and fails', [...opened, insists(1), old(1, 900, 'failed'), passes(1_000)]],
  [
    'is not kept open by a call that was sent before it opened and fails later',
    [...opened, old(0, 900, 'failed'), passes(1_000)],
  ],
];

describe('A breaker', () => {
  it.each(CASES)('%s', (_, steps) => {
    const breaker = new Breaker();
    for (const step of steps) play(breaker, step);
  });
});

function play(breaker: Breaker, step: Step): void {
  if ('asks' in step) {
    expect({ ...step, asks: breaker.admit(step.at, step.insists) ? 'passes' : 'is refused' }).toEqual(step);
    return;
  }
  const { at, ends: verdict, sentAt } = step;
  const passage = sentAt === undefined ? breaker.admit(at) : { sentAt, isProbe: false };
  breaker.settle(passage as Passage, verdict, at);
}
