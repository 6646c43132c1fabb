import {
  givesWay,
  leadsAway,
  originOf,
  redirectedAway,
  staysAtItsOrigin,
  withoutUserinfo,
} from './credential-at-origin.js';

const ORIGIN = 'https://billing.example';
const BEARER = { name: 'authorization', value: 'Bearer t' };
const KEY = { name: 'x-api-key', value: 't' };

describe('The credential at its origin', () => {
  it.each([
    ['Authorization', BEARER, true],
    ['authorization', KEY, true],
    ['X-Api-Key', KEY, true],
    ['X-Api-Key', BEARER, false],
  ])('%s of the caller gives way to %o: %s', (name, credential, expected) => {
    expect(givesWay(name, credential)).toBe(expected);
  });

  it.each([
    [BEARER, true],
    [KEY, false],
  ])('%o is left behind by clients that follow redirects: %s', (credential, expected) => {
    expect(staysAtItsOrigin(credential)).toBe(expected);
  });

  it.each([
    ['HTTPS://Billing.Example:443/a?b#c', undefined, ORIGIN],
    [new URL(`${ORIGIN}/a`), undefined, ORIGIN],
    ['/a', ORIGIN, ORIGIN],
    ['/a', undefined, undefined],
    ['no url', undefined, undefined],
    ['data:,text', undefined, undefined],
  ])('has of %s, below %s, the origin %s', (url, base, expected) => {
    expect(originOf(url, base)).toBe(expected);
  });

  it.each([
    ['https://me:mine@billing.example/a', undefined, `${ORIGIN}/a`],
    ['https://me@billing.example/a', undefined, `${ORIGIN}/a`],
    ['https://:mine@billing.example/a', undefined, `${ORIGIN}/a`],
    ['//me:mine@billing.example/a', 'https://localhost', `${ORIGIN}/a`],
    ['HTTPS://billing.example:443/a', undefined, 'HTTPS://billing.example:443/a'],
    ['/a', ORIGIN, '/a'],
    ['no url', undefined, 'no url'],
  ])('is not replaced by the user in %s, below %s: %s', (url, base, expected) => {
    expect(withoutUserinfo(url, base)).toBe(expected);
  });

  it.each([
    ...[301, 302, 303, 307, 308].map((status) => [status, 'https://other.example/', true] as const),
    [302, ['https://other.example/'], true],
    [302, '//other.example/a', true],
    [302, 'http://billing.example/a', true],
    [302, 'https://billing.example:8443/a', true],
    [302, 'http://', true],
    [302, '/a', false],
    [302, `${ORIGIN}/a`, false],
    [302, undefined, false],
    [300, 'https://other.example/', false],
    [304, 'https://other.example/', false],
    [200, 'https://other.example/', false],
  ] as const)('would be taken away by %i to %s: %s', (status, location, expected) => {
    expect(leadsAway(status, typeof location === 'object' ? [...location] : location, ORIGIN)).toBe(expected);
  });

  it('says where it may not go, and which option says so', () => {
    expect(redirectedAway(ORIGIN)).toMatchObject({
      code: 'TOKEN_CONFIG_INVALID',
      message: `origins must say where the credential may go: ${ORIGIN} redirects to another origin`,
    });
  });
});
