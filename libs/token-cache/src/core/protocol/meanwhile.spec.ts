import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type HeldToken } from '../contract/held-token.js';
import { momentOf } from '../contract/moment.js';
import { type Acquired } from '../contract/token-store.js';
import { KeyWatch } from '../store-client/key-watch.js';
import { type Granted } from '../store-client/store-client.js';
import { type Asked } from './inquiry.js';
import { Meanwhile, type MeanwhileParts } from './meanwhile.js';

const LEASE = { outcome: 'lease', lease: { nonce: 'n', fence: 7, leaseMs: 3_000 }, voidedUpTo: 0 } as Granted;
const HIT: Acquired = { outcome: 'hit', token: { fence: 8, payload: '', ttlMs: 60_000 }, voidedUpTo: 0 };

describe.each([
  ['', ['place']],
  [', though there was no place for a mint,', []],
])('An answer that comes after its callers were served%s', (_how, places) => {
  it.each([
    ['and is a lease is used for the token that is still in hand', LEASE, true, ['share']],
    ['and is a lease is given back, where that was let go of meanwhile', LEASE, false, ['release']],
    ['and is a token is taken, which may be newer', HIT, true, ['admit']],
  ])('%s', async (_what, acquired, isStillInHand, done) => {
    const clock = new FakeClock();
    const ends = { monotonicAt: clock.monotonic() + 60_000, wallAt: clock.now() + 60_000 };
    const held = { ends, token: { generation: 5 } } as HeldToken;
    const did: string[] = [];
    const meanwhile = new Meanwhile({
      clock,
      tokens: {
        trusted: () => held,
        valid: () => (isStillInHand ? held : undefined),
        admit: () => did.push('admit'),
      } as unknown as MeanwhileParts['tokens'],
      mints: { adopt: () => false } as unknown as MeanwhileParts['mints'],
      rejections: { isUntold: () => false } as unknown as MeanwhileParts['rejections'],
      upkeep: {
        share: () => did.push('share'),
        release: async () => void did.push('release'),
      } as unknown as MeanwhileParts['upkeep'],
    });
    const watch = new KeyWatch({ lookAgain: () => () => {} }, () => did.push('closed'));
    let answer = (_asked: Asked): void => {};
    const asking = new Promise<Asked>((resolve) => (answer = resolve));
    const first = meanwhile.firstOf({ key: billingKey(), watch, demand: {} }, asking);
    watch.wake();
    expect(await first).toBe(held);
    answer({ acquired, sentAt: momentOf(clock), place: places.length > 0 ? () => did.push('place') : undefined });
    await meanwhile.settled();
    expect(did).toEqual([...places, ...done, 'closed']);
  });
});
