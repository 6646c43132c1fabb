import { Chance } from '@mintonce/test-support/chance';
import { DEFAULT_POLICY, type TokenPolicy } from '../config/policy.js';
import { after, type Moment } from '../contract/moment.js';
import { type FormerToken } from '../contract/token-content.js';
import { type MintedToken } from '../contract/token-source.js';
import { lifeOf, type TokenLife } from './token-life.js';

const NOW = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const SENT: Moment = { monotonicAt: 7_000, wallAt: NOW };

/** An answer as a source in plain JavaScript may give it. */
type Answer = { [Field in keyof MintedToken]?: unknown };

/** A JWT whose times are those of a server that takes NOW + `aheadMs` for the present. */
function jwt(claims: Record<string, unknown>, aheadMs = 0): string {
  const times = Object.entries(claims).map(([name, value]) => [
    name,
    typeof value === 'number' ? (NOW + aheadMs + value) / SECOND : value,
  ]);
  return token(Object.fromEntries(times) as object);
}

function token(claims: unknown): string {
  return ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

interface Case {
  policy?: Partial<TokenPolicy>;
  former?: FormerToken;
  tookMs?: number;
  random?: number;
}

function life(answer: Answer, { policy, former, tookMs = 0, random = 0 }: Case = {}): TokenLife {
  const minted = { accessToken: 'opaque', ...answer } as MintedToken;
  const exchange = { sent: SENT, arrived: after(SENT, tookMs) };
  return lifeOf(minted, { ...DEFAULT_POLICY, ...policy }, exchange, former, () => random);
}

describe('The life of a token', () => {
  it.each<[string, Answer, number]>([
    ['nothing', {}, 5 * MINUTE],
    ['null', { expiresInMs: null }, 5 * MINUTE],
    ['NaN', { expiresInMs: NaN }, 5 * MINUTE],
    ['infinity', { expiresInMs: Infinity }, 5 * MINUTE],
    ['a word', { expiresInMs: 'soon', expiresAt: 'later' }, 5 * MINUTE],
    ['an empty text', { expiresInMs: ' ', expiresAt: '' }, 5 * MINUTE],
    ['an hour', { expiresInMs: HOUR }, HOUR],
    ['a number as text', { expiresInMs: '3600' }, 5 * MINUTE],
    ['a second', { expiresInMs: SECOND }, SECOND],
    ['0', { expiresInMs: 0 }, 0],
    ['less than 0', { expiresInMs: -1 }, -1],
    ['milliseconds where seconds are meant', { expiresInMs: HOUR * 1_000 }, DAY],
    ['100 years', { expiresInMs: 100 * 365 * DAY }, DAY],
    ['an end in ten minutes', { expiresAt: NOW + 10 * MINUTE }, 10 * MINUTE],
    ['an end that has passed', { expiresAt: NOW - MINUTE }, -MINUTE],
    ['an end now', { expiresAt: NOW }, 0],
    ['an end before its life is over', { expiresInMs: HOUR, expiresAt: NOW + MINUTE }, MINUTE],
    ['a life that is over before its end', { expiresInMs: MINUTE, expiresAt: NOW + HOUR }, MINUTE],
    ['0, and an end to come', { expiresInMs: 0, expiresAt: NOW + HOUR }, 0],
    ['an hour, and an end that cannot be read', { expiresInMs: HOUR, expiresAt: {} }, HOUR],
  ])('whose answer states %s', (_what, answer, lifeMs) => expect(life(answer).lifeMs).toBe(lifeMs));

  it.each<[string, string, Answer, number]>([
    ['an exp in 15 minutes', jwt({ exp: 15 * MINUTE }), {}, 15 * MINUTE],
    ['an exp that is nearer than its expires_in', jwt({ exp: 15 * MINUTE }), { expiresInMs: HOUR }, 15 * MINUTE],
    ['an exp that is further than its expires_in', jwt({ exp: HOUR }), { expiresInMs: MINUTE }, MINUTE],
    ['an exp, given in milliseconds', token({ exp: NOW + 15 * MINUTE }), {}, 15 * MINUTE],
    ['an exp in seconds, as far away as can be', token({ exp: 1e11 }), {}, DAY],
    ['an exp that is no number', token({ exp: 'never' }), { expiresInMs: HOUR }, HOUR],
    [
      'an exp that is a number as text',
      token({ exp: `${(NOW + 15 * MINUTE) / SECOND}` }),
      { expiresInMs: HOUR },
      15 * MINUTE,
    ],
    ['an exp with a part of a second, as text', token({ exp: `${(NOW + MINUTE) / SECOND}.25` }), {}, MINUTE + 250],
    ['an exp with an exponent, as text', token({ exp: `${(NOW + MINUTE) / 10_000}e1` }), { expiresInMs: HOUR }, HOUR],
    ['an exp with a sign, as text', token({ exp: `+${(NOW + MINUTE) / SECOND}` }), { expiresInMs: HOUR }, MINUTE],
    ['an exp that has passed', jwt({ exp: -MINUTE }), { expiresInMs: HOUR }, -MINUTE],
    ['an exp of now', jwt({ iat: -HOUR, exp: 0 }), { expiresInMs: HOUR }, 0],
    ['an hour left of two', jwt({ iat: -HOUR, exp: HOUR }), {}, HOUR],
    ['an iat that comes after its exp', jwt({ iat: 2 * HOUR, exp: HOUR }), {}, HOUR],
    ['an iat that is its exp', jwt({ iat: HOUR, exp: HOUR }), {}, HOUR],
    ['an iat in milliseconds', token({ iat: NOW, exp: (NOW + HOUR) / SECOND }), {}, HOUR],
    ['an nbf before its iat', jwt({ nbf: -5 * MINUTE, iat: 0, exp: HOUR }), {}, HOUR],
    ['an nbf that is to come', jwt({ nbf: 10 * MINUTE, iat: 0, exp: HOUR }), {}, 50 * MINUTE],
    ['a claim to live for years', jwt({ iat: 0, exp: 400 * DAY }), {}, DAY],
    ['no times', token({}), {}, 5 * MINUTE],
    ['no claims', token(null), {}, 5 * MINUTE],
    ['claims that are no JSON', 'a.b.c', {}, 5 * MINUTE],
    ['no signature', jwt({ exp: HOUR }).replace(/\.[^.]*$/, ''), {}, 5 * MINUTE],
  ])('that is a JWT with %s', (_what, accessToken, answer, lifeMs) => {
    expect(life({ accessToken, ...answer }).lifeMs).toBe(lifeMs);
  });

  describe('whose server has a clock of its own', () => {
    const skews = [
      ['an hour ahead', HOUR],
      ['an hour behind', -HOUR],
      ['three days ahead', 3 * DAY],
      ['three days behind', -3 * DAY],
    ] as const;

    it.each(skews)('is the same with that clock %s', (_where, aheadMs) => {
      const answeredAt = NOW + aheadMs + 1;
      const accessToken = jwt({ iat: 0, exp: 15 * MINUTE }, aheadMs);
      expect(life({ accessToken, answeredAt }).lifeMs).toBe(15 * MINUTE - 1);
      expect(life({ accessToken, answeredAt, expiresInMs: HOUR }).lifeMs).toBe(15 * MINUTE - 1);
    });

    it.each(skews)('is what is left of it when it is given again, with that clock %s', (_where, aheadMs) => {
      const answeredAt = NOW + aheadMs + 1;
      const accessToken = jwt({ iat: -50 * MINUTE, exp: 10 * MINUTE }, aheadMs);
      expect(life({ accessToken, answeredAt }).lifeMs).toBe(10 * MINUTE - 1);
    });

    it.each(skews.slice(0, 2))('is over when the token is, with that clock %s', (_where, aheadMs) => {
      const answeredAt = NOW + aheadMs;
      const accessToken = jwt({ iat: -HOUR, exp: -MINUTE }, aheadMs);
      expect(life({ accessToken, answeredAt, expiresInMs: HOUR }).lifeMs).toBeLessThan(0);
    });

    it.each(skews)('ends where the answer says, with that clock %s', (_where, aheadMs) => {
      const there = NOW + aheadMs;
      expect(life({ expiresAt: there + 15 * MINUTE, answeredAt: there + 1 }).lifeMs).toBe(15 * MINUTE - 1);
    });
  });

  it('is reckoned by the clock of the server though the machine that answers lags behind the one that issues', () => {
    const accessToken = jwt({ iat: 0, exp: HOUR }, -2 * HOUR);
    expect(life({ accessToken, answeredAt: NOW - 2 * HOUR - 30 * SECOND }).lifeMs).toBe(HOUR);
  });

  it('is what is left by the clock of this machine when it is given again and nobody tells another', () => {
    expect(life({ accessToken: jwt({ iat: -50 * MINUTE, exp: 10 * MINUTE }) }).lifeMs).toBe(10 * MINUTE);
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['a word', 'now'],
    ['NaN', NaN],
    ['0', 0],
    ['in seconds', NOW / SECOND],
    ['of the year 2099', Date.UTC(2099, 0, 1)],
    ['long before the token was issued', NOW - 10 * DAY],
    ['a little before the token was issued', NOW - 10 * MINUTE],
  ])('goes by the clock of this machine when the time of the server is %s', (_what, answeredAt) => {
    const accessToken = jwt({ iat: 0, exp: HOUR });
    expect(life({ accessToken, answeredAt }).lifeMs).toBe(HOUR);
  });

  it('is no longer than the whole life of a JWT, though the clock of this machine is behind and nobody tells another', () => {
    expect(life({ accessToken: jwt({ iat: 0, exp: 15 * MINUTE }, 2 * HOUR) }).lifeMs).toBe(15 * MINUTE);
  });

  it.each([
    ['the same second as this machine: its milliseconds count', NOW, 250, 9_750],
    ['another second: the end of it is assumed', NOW + 2_000, 250, 7_001],
    ['an instant within a second', NOW + 2_345, 250, 7_655],
  ])('is reckoned from a server time that is %s', (_what, answeredAt, tookMs, lifeMs) => {
    expect(life({ expiresAt: NOW + 10 * SECOND, answeredAt }, { tookMs }).lifeMs).toBe(lifeMs);
  });

  describe('whose server says 0 for "never"', () => {
    it.each<[string, Answer, number]>([
      ['0 for its life', { expiresInMs: 0 }, DAY],
      ['less than 0 for its life', { expiresInMs: -1 }, DAY],
      ['0 for its end', { expiresAt: 0 }, DAY],
      ['0 for its life, and an end to come', { expiresInMs: 0, expiresAt: NOW + HOUR }, HOUR],
      ['0 for its end, and a life', { expiresInMs: HOUR, expiresAt: 0 }, HOUR],
      ['0, and the token has an exp', { expiresInMs: 0, accessToken: jwt({ exp: HOUR }) }, HOUR],
      ['0, and the token has ended', { expiresInMs: 0, accessToken: jwt({ exp: -HOUR }) }, -HOUR],
      ['an end that has passed', { expiresAt: NOW - MINUTE }, -MINUTE],
      ['nothing', {}, 5 * MINUTE],
    ])('is that of a token of which it says %s', (_what, answer, lifeMs) => {
      expect(life(answer, { policy: { zeroExpiry: 'never' } }).lifeMs).toBe(lifeMs);
    });
  });
});

describe('The hard expiry of a token', () => {
  it.each([
    [HOUR, HOUR - 30_000],
    [MINUTE, MINUTE * 0.9],
    [1_000, 900],
  ])(
    'with a life of %i ms lies %i ms after the request, on both clocks: a margin goes off, a tenth at most',
    (ms, usableMs) => {
      expect(life({ expiresInMs: ms }, { tookMs: 500 }).ends).toEqual(after(SENT, usableMs));
    },
  );

  it('lies in the past when the token is over', () => {
    expect(life({ expiresInMs: -SECOND }).ends.monotonicAt).toBeLessThan(SENT.monotonicAt);
  });
});

describe('A token that its source gives again', () => {
  const former = (leftMs: number, accessToken = 'opaque'): FormerToken => ({ accessToken, ends: after(SENT, leftMs) });
  const again = (leftMs: number, expiresInMs: number, more: Case = {}): TokenLife =>
    life({ expiresInMs }, { former: former(leftMs), ...more });

  it.each([
    ['no later than it did, whatever the answer says', 10 * MINUTE, HOUR, 10 * MINUTE],
    ['sooner, when the answer says so', 10 * MINUTE, MINUTE, 54_000],
    ['as the answer says, once its former end has passed', -1, MINUTE, 54_000],
    ['as the answer says, when its former end is reached', 0, MINUTE, 54_000],
  ])('ends %s', (_what, formerMs, statedMs, endsMs) => {
    expect(again(formerMs, statedMs).ends).toEqual(after(SENT, endsMs));
  });

  it('ends as the answer says when its former end passed while it was on its way', () => {
    expect(again(100, MINUTE, { tookMs: 200 }).ends).toEqual(after(SENT, 54_000));
  });

  it('keeps the earlier end of each clock', () => {
    const slept = { accessToken: 'opaque', ends: { monotonicAt: SENT.monotonicAt + HOUR, wallAt: NOW + MINUTE } };
    expect(life({ expiresInMs: 10 * MINUTE }, { former: slept }).ends).toEqual({
      monotonicAt: SENT.monotonicAt + 10 * MINUTE - 30_000,
      wallAt: NOW + MINUTE,
    });
  });

  it.each([
    ['before its end', 10 * MINUTE],
    ['after its end', -1],
  ])('%s is not refreshed early', (_when, formerMs) => {
    expect(again(formerMs, HOUR).refreshWindowMs).toBe(0);
  });

  it('is another one when it differs', () => {
    const { ends, refreshWindowMs } = life({ expiresInMs: HOUR }, { former: former(10 * MINUTE, 'other') });
    expect([ends, refreshWindowMs]).toEqual([after(SENT, HOUR - 30_000), 5 * MINUTE]);
  });
});

describe('The refresh window of a token', () => {
  it.each([
    ['an hour, at the earliest', HOUR, 0, 300_000],
    ['an hour, at the latest: what a mint and a lease may take is left', HOUR, 0.999_999, 13_000],
    ['ten minutes, at the earliest: a fifth of the life', 10 * MINUTE, 0, 120_000],
    ['ten minutes, at the latest', 10 * MINUTE, 0.999_999, 13_000],
    ['a minute, at the latest: a quarter of the window is jitter', MINUTE, 0.999_999, 9_000],
    ['a second, at the earliest', SECOND, 0, 200],
  ])('with a life of %s', (_what, lifeMs, random, windowMs) => {
    expect(life({ expiresInMs: lifeMs }, { random }).refreshWindowMs).toBe(windowMs);
  });

  it('is nothing when policy wants no early refresh', () => {
    expect(life({ expiresInMs: HOUR }, { policy: { refreshWindowMs: 0 }, random: 0.5 }).refreshWindowMs).toBe(0);
  });

  it('spreads the refreshes of 10,000 keys evenly over the window', () => {
    const chance = new Chance(1);
    const tenths = Array<number>(10).fill(0);
    for (let key = 0; key < 10_000; key++) {
      const { refreshWindowMs } = life({ expiresInMs: HOUR }, { random: chance.random() });
      const tenth = Math.floor(((refreshWindowMs - 13_000) / (300_000 - 13_000)) * 10);
      tenths[Math.min(tenth, 9)]!++;
    }
    // Six standard deviations of a fair tenth of 10,000.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(180);
  });
});
