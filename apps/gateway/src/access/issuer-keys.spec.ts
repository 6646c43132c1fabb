import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { selfSignedCertificate } from '@mintonce/test-support';
import { Logger } from '@nestjs/common';
import { decodeProtectedHeader, type FlattenedJWSInput } from 'jose';
import { tokenIssuer, type TokenIssuer } from '../test/token-issuer.js';
import { issuerFetch } from './issuer-fetch.js';
import { IssuerKeys } from './issuer-keys.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('The keys of an issuer', () => {
  let issuer: TokenIssuer;
  let keys: IssuerKeys;
  let passedMs: number;

  beforeEach(async () => {
    issuer = await tokenIssuer();
    keys = new IssuerKeys({ issuer: issuer.url, allowInsecureRequests: true }, issuerFetch(undefined));
    passedMs = 0;
    const [date, monotonic] = [Date.now(), performance.now()];
    jest.spyOn(Date, 'now').mockImplementation(() => date + passedMs);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + passedMs);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await issuer.close();
  });

  /** The name of the key that is found for a token of now, or the code of the failure. */
  async function found(header: Record<string, unknown> = {}): Promise<string> {
    const [protectedHeader = '', payload = '', signature = ''] = (await issuer.sign({}, header)).split('.');
    const token: FlattenedJWSInput = { protected: protectedHeader, payload, signature };
    const { kid = '', ...rest } = decodeProtectedHeader(token);
    return keys.keyOf({ alg: 'ES256', kid, ...rest }, token).then(
      () => kid,
      ({ code, name }: Error & { code?: string }) => code ?? name,
    );
  }
  const fetches = () => issuer.asked.filter((path) => path === '/keys').length;

  it('are fetched once, as its metadata say', async () => {
    expect(await Promise.all([found(), found(), found()])).toEqual(['key-1', 'key-1', 'key-1']);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('are found by the metadata of RFC 8414 where there are none of OpenID', async () => {
    issuer.isOpenId = false;

    expect(await found()).toBe('key-1');
    expect(issuer.asked).toContain('/.well-known/oauth-authorization-server');
  });

  it('are fetched from an address that is configured without asking for metadata', async () => {
    const address = { issuer: 'https://idp.example', jwksUri: `${issuer.url}/keys`, allowInsecureRequests: true };
    keys = new IssuerKeys(address, issuerFetch(undefined));

    expect(await found()).toBe('key-1');
    expect(issuer.asked).toEqual(['/keys']);
  });

  it('are fetched anew when they are old, so that one which was withdrawn opens nothing any more', async () => {
    await found();
    const old = { kid: 'key-1' };
    await issuer.rotate();
    expect(await found(old)).toBe('key-1');
    passedMs = 10 * MINUTE + 1;

    expect(await found(old)).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(await found()).toBe('key-2');
  });

  it('are fetched anew for a new key, and at most every half minute for keys that nobody has', async () => {
    await found();
    passedMs = 31 * SECOND;
    await issuer.rotate();
    expect(await found()).toBe('key-2');
    for (let attempt = 0; attempt < 10; attempt++) expect(await found({ kid: `no-${attempt}` })).toMatch(/NO_MATCHING/);

    expect(fetches()).toBe(2);
  });

  it('go on opening doors for an hour while the issuer is away, which is asked every five seconds at most', async () => {
    await found();
    issuer.isUp = false;
    passedMs = 11 * MINUTE;
    const before = fetches();
    for (let attempt = 0; attempt < 10; attempt++) expect(await found()).toBe('key-1');
    expect(fetches() - before).toBe(1);
    passedMs += 5 * SECOND;
    expect(await found()).toBe('key-1');
    expect(fetches() - before).toBe(2);
    passedMs = 61 * MINUTE;

    expect(await found()).toBe('IssuerUnavailableError');
  });

  it('cannot tell whether a key is new while the issuer is away', async () => {
    await found();
    issuer.isUp = false;
    await issuer.rotate();
    passedMs = 31 * SECOND;

    expect(await found()).toBe('IssuerUnavailableError');
  });

  it('are told of in the log when the issuer is away, and when it is there again, once each', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const told = jest.spyOn(Logger.prototype, 'log').mockImplementation();
    issuer.isUp = false;
    for (let attempt = 0; attempt < 3; attempt++, passedMs += 6 * SECOND) await found();
    expect(warned.mock.calls).toEqual([
      [expect.stringContaining(`The keys of the issuer ${issuer.url} cannot be had: `)],
    ]);
    expect(told).not.toHaveBeenCalled();
    issuer.isUp = true;
    for (let attempt = 0; attempt < 3; attempt++) await found();
    expect(told.mock.calls).toEqual([[`The keys of the issuer ${issuer.url} are there again`]]);
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it('are there again once the issuer is', async () => {
    issuer.isUp = false;
    expect(await found()).toBe('IssuerUnavailableError');
    issuer.isUp = true;
    expect(await found()).toBe('IssuerUnavailableError');
    passedMs = 5 * SECOND + 1;

    expect(await found()).toBe('key-1');
  });

  it('are not taken from metadata that name another issuer', async () => {
    const liar = await tokenIssuer();
    keys = new IssuerKeys({ issuer: `${liar.url}/tenant`, allowInsecureRequests: true }, (url, init) =>
      issuerFetch(undefined)(url.replace('/tenant', ''), init),
    );

    expect(await found()).toBe('IssuerUnavailableError');
    await liar.close();
  });

  it('are not asked for in the clear beyond this machine, whatever the metadata say', async () => {
    const asked: string[] = [];
    const metadata = { issuer: issuer.url, jwks_uri: 'http://idp.example/keys' };
    keys = new IssuerKeys({ issuer: issuer.url, allowInsecureRequests: true }, async (url) => {
      asked.push(url);
      return Response.json(metadata);
    });

    expect(await found()).toBe('IssuerUnavailableError');
    expect(asked).not.toContain('http://idp.example/keys');
  });

  it.each([
    [{ jwks_uri: 'http://idp.example/keys' }, 'must be https: set jwksUri in access.jwt'],
    [{}, 'names no jwks_uri: set jwksUri in access.jwt'],
  ])('tell what to do where the metadata holds %j beside the issuer', async (metadata, remedy) => {
    keys = new IssuerKeys({ issuer: issuer.url, allowInsecureRequests: true }, async () =>
      Response.json({ issuer: issuer.url, ...metadata }),
    );
    const [header = '', payload = '', signature = ''] = (await issuer.sign({})).split('.');

    await expect(keys.keyOf({ alg: 'ES256' }, { protected: header, payload, signature })).rejects.toMatchObject({
      message: expect.stringContaining('check access.jwt'),
      cause: expect.objectContaining({ message: expect.stringContaining(remedy) }),
    });
  });

  it('are not taken from a server whose certificate nobody vouches for, whatever the environment says', async () => {
    const impostor = createServer(await selfSignedCertificate('localhost'), (_request, response) => response.end('{}'));
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    const jwksUri = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}/keys`;
    let served = 0;
    impostor.on('request', () => served++);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    keys = new IssuerKeys({ issuer: 'https://idp.example', jwksUri }, issuerFetch(undefined));

    expect(await found()).toBe('IssuerUnavailableError');
    expect(served).toBe(0);
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    await new Promise((resolve) => impostor.close(resolve));
  });
});
