import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { after, momentOf } from '../contract/moment.js';
import { TokenObservers } from '../contract/token-observers.js';
import { type Token } from '../contract/token.js';
import { PayloadCodec } from '../store-client/payload-codec.js';
import { TokenStanding } from './token-standing.js';
import { TokensInHand } from './tokens-in-hand.js';

describe('TokenStanding', () => {
  let clock: FakeClock;
  let tokens: TokensInHand;
  let standing: TokenStanding;

  beforeEach(() => {
    clock = new FakeClock();
    const codec = new PayloadCodec(new Map());
    const observers = new TokenObservers();
    tokens = new TokensInHand({
      policy: false,
      maxEntries: 10,
      channel: undefined,
      clock,
      codec,
      observers,
      onServable: () => {},
    });
    standing = new TokenStanding(clock, tokens, 10);
  });

  function keep(generation: number): Token {
    const content = { accessToken: 'token', tokenType: 'Bearer', expiresAt: 1, refreshWindowMs: 0 };
    const fresh = { content, ends: after(momentOf(clock), 3_600_000) };
    return tokens.keep(billingKey(), fresh, generation, momentOf(clock), { state: 'shared' }).token;
  }

  it('takes a token for untried until it is 5 s old here', async () => {
    await clock.advance(60_000);
    const token = keep(1);
    await clock.advance(4_999);
    expect(standing.isUntried(token)).toBe(true);
    await clock.advance(1);
    expect(standing.isUntried(token)).toBe(false);
  });

  it('takes a token for tried once an upstream accepted it', () => {
    const token = keep(1);
    standing.accept(token);
    expect(standing.isUntried(token)).toBe(false);
  });

  it('knows nothing of a token that is not in hand', () => {
    const token = keep(1);
    keep(2);
    expect([standing.isUntried(token), standing.isAccepted(token)]).toEqual([false, false]);
  });

  it('keeps the acceptance of a token when an older one is accepted late', () => {
    const [first, second] = [keep(1), keep(2)];
    standing.accept(second);
    standing.accept(first);
    expect(standing.isAccepted(second)).toBe(true);
  });

  it('takes a token for accepted for 5 s after an upstream accepted that generation', async () => {
    const [first, second] = [keep(1), keep(2)];
    standing.accept(second);
    expect([standing.isAccepted(first), standing.isAccepted(second)]).toEqual([false, true]);
    await clock.advance(4_999);
    expect(standing.isAccepted(second)).toBe(true);
    await clock.advance(1);
    expect(standing.isAccepted(second)).toBe(false);
  });
});
