import { DEFAULT_POLICY } from '../config/policy.js';
import { lifeOf } from './token-life.js';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function jwt(claims: object): string {
  return ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

describe('lifeOf', () => {
  const life = (expiresInMs: unknown, accessToken = 'opaque', random = 0): ReturnType<typeof lifeOf> =>
    lifeOf({ accessToken, expiresInMs: expiresInMs as number }, DEFAULT_POLICY, NOW, () => random);

  it.each([
    ['an hour', HOUR, HOUR],
    ['a second', 1_000, 1_000],
    ['nothing', undefined, 5 * MINUTE],
    ['null', null, 5 * MINUTE],
    ['zero', 0, 5 * MINUTE],
    ['a negative number', -1, 5 * MINUTE],
    ['NaN', NaN, 5 * MINUTE],
    ['a string', '3600', 5 * MINUTE],
    ['infinity', Infinity, 5 * MINUTE],
    ['milliseconds taken for seconds', HOUR * 1_000, DAY],
    ['100 years', 100 * 365 * DAY, DAY],
  ])('of a token that says %s', (_, stated, expected) => {
    expect(life(stated).lifeMs).toBe(expected);
  });

  it.each([
    ['exp and iat, whatever our clock says', { iat: 1_000, exp: 1_600 }, 10 * MINUTE],
    ['exp alone', { exp: NOW / 1_000 + 600 }, 10 * MINUTE],
    ['exp in the past', { exp: NOW / 1_000 - 600 }, 5 * MINUTE],
    ['exp that is no number', { iat: 1_000, exp: '1600' }, 5 * MINUTE],
    ['no exp', {}, 5 * MINUTE],
  ])('of a JWT that says nothing else but %s', (_, claims, expected) => {
    expect(life(undefined, jwt(claims)).lifeMs).toBe(expected);
  });

  it('believes exp rather than an expires_in beyond the maximum, and no other', () => {
    expect(life(HOUR * 1_000, jwt({ iat: 0, exp: 3_600 })).lifeMs).toBe(HOUR);
    expect(life(DAY, jwt({ iat: 0, exp: 3_600 })).lifeMs).toBe(DAY);
  });

  it('survives what only looks like a JWT', () => {
    expect(life(undefined, 'a.b.c').lifeMs).toBe(5 * MINUTE);
    expect(life(undefined, jwt({ iat: 0, exp: 3_600 }).replace(/\.[^.]*$/, '')).lifeMs).toBe(5 * MINUTE);
    expect(life(undefined, `a.${Buffer.from('null').toString('base64url')}.c`).lifeMs).toBe(5 * MINUTE);
  });

  it.each([
    [HOUR, HOUR - 30_000],
    [MINUTE, MINUTE * 0.9],
    [1_000, 900],
  ])('of %i ms is usable for %i ms: the margin takes a tenth at most', (stated, usable) => {
    expect(life(stated).usableMs).toBe(usable);
  });

  it.each([
    [HOUR, 0, 5 * MINUTE],
    [HOUR, 0.999, 225_075],
    [10 * MINUTE, 0, 2 * MINUTE],
    [1_000, 0, 200],
  ])('of %i ms is refreshed in its last part, a fifth at most, less jitter', (stated, random, window) => {
    expect(life(stated, 'opaque', random).refreshWindowMs).toBe(window);
  });
});
