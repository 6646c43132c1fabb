import { connect } from 'node:net';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { waitFor } from '@mintonce/test-support';
import { base64url, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';
import { tokenIssuer, type TokenIssuer } from '../test/token-issuer.js';
import { makeKey } from './make-key.js';

const SHOP = makeKey();
const now = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => base64url.encode(JSON.stringify(value));

describe('A door that knows callers by tokens of an issuer', () => {
  let issuer: TokenIssuer;
  let other: TokenIssuer;
  let gateway: GuardedGateway;

  beforeAll(async () => {
    [issuer, other] = await Promise.all([tokenIssuer(), tokenIssuer('RS256')]);
    const of = (url: string, more: object) => ({
      issuer: url,
      allowInsecureRequests: true,
      audience: 'gateway',
      ...more,
    });
    const access = {
      apiKeys: [{ id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] }],
      jwt: [
        of(issuer.url, { claims: { scope: 'admin' }, integrations: ['*'], purge: true }),
        of(issuer.url, { claims: { 'realm_access.roles': 'crm' }, integrations: ['crm'] }),
        of(issuer.url, { integrations: ['billing'], methods: ['GET'] }),
        of(other.url, { audience: ['gateway', 'crm-gateway'], integrations: ['crm'], algorithms: ['RS256'] }),
      ],
    };
    gateway = await guardedGateway({ access }, { forwardAuthorizationAs: 'X-Caller-Authorization' });
  });
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([issuer?.close(), other?.close()]);
  });
  beforeEach(() => {
    gateway.upstream.reset();
    gateway.auditLines.length = 0;
  });

  async function status(token: string, path = '/proxy/billing/x', method = 'GET', fields = {}): Promise<number> {
    const headers = { authorization: `Bearer ${token}`, ...fields };
    return (await fetch(gateway.url + path, { method, headers })).status;
  }
  const signed = async (claims: JWTPayload = {}, header = {}) => issuer.sign(claims, header);

  it.each([
    ['of its client', {}, '/proxy/billing/x', 200],
    ['for several audiences', { aud: ['a', 'gateway'] }, '/proxy/billing/x', 200],
    ['for an integration of others', {}, '/proxy/crm/x', 403],
    ['for an integration that does not exist', {}, '/proxy/nobody/x', 403],
    ['with a role in a claim of a claim', { realm_access: { roles: ['a', 'crm'] } }, '/proxy/crm/x', 200],
    ['with that role, whose first rule decides', { realm_access: { roles: ['crm'] } }, '/proxy/billing/x', 403],
    ['with a scope among others', { scope: 'openid admin' }, '/proxy/crm/x', 200],
    ['with a scope that only begins like it', { scope: 'administrator' }, '/proxy/crm/x', 403],
    ['with a scope in a list', { scope: ['admin'] }, '/metrics', 200],
    ['with a scope that is no text', { scope: { admin: true } }, '/metrics', 403],
  ])('gives what is granted to a token %s', async (_, claims, path, expected) => {
    expect(await status(await signed(claims), path)).toBe(expected);
  });

  it('lets several issuers and keys open the same door', async () => {
    expect(await status(await other.sign({ aud: 'crm-gateway' }), '/proxy/crm/x')).toBe(200);
    expect(await status(SHOP.key)).toBe(200);
    expect(await status(await signed())).toBe(200);
  });

  it('holds a token to the methods of its rule, and to purge', async () => {
    expect(await status(await signed(), '/proxy/billing/x', 'POST')).toBe(403);
    expect(await status(await signed(), '/api/integrations/billing/purge', 'POST')).toBe(403);
    expect(await status(await signed({ scope: 'admin' }), '/api/integrations/billing/purge', 'POST')).toBe(204);
    expect(gateway.auditLines.at(-1)).toMatchObject({
      audit: 'purged',
      caller: `jwt:${new URL(issuer.url).host}:shop`,
    });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['that has ended', () => signed({ exp: now() - 10 })],
    ['that has not begun', () => signed({ nbf: now() + 60 })],
    ['without an end', () => signed({ exp: undefined })],
    ['whose end is no number', () => signed({ exp: '9999999999' as never })],
    ['for another audience', () => signed({ aud: 'other' })],
    ['for no audience', () => signed({ aud: undefined })],
    ['for an audience that only begins like it', () => signed({ aud: 'gateway2' })],
    ['of another issuer', () => signed({ iss: 'https://evil.example' })],
    ['of no issuer', () => signed({ iss: undefined })],
    ['that names one issuer and is signed by another', () => signed({ iss: other.url })],
    ['whose issuer has a slash more', () => signed({ iss: `${issuer.url}/` })],
    ['with a key that is not known', () => signed({}, { kid: 'key-99' })],
    ['with a path as key', () => signed({}, { kid: '../../../../dev/null' })],
    ['with a query as key', () => signed({}, { kid: "' UNION SELECT 'a" })],
    ['with a URL as key', () => signed({}, { kid: 'http://evil.example/keys' })],
    ['with an extension that nobody knows', () => withExtension()],
    ['without a signature', async () => (await signed()).replace(/\.[^.]*$/, '.')],
    ['with the signature of another', async () => exchangeSignature()],
    ['with other claims than were signed', async () => exchangeClaims()],
    ['with the algorithm none', () => unsigned('none')],
    ['with the algorithm NONE', () => unsigned('NONE')],
    ['with the algorithm none and a signature', () => `${unsigned('none')}AAAA`],
    ['signed with the public key as a secret', () => signedWithPublicKey('jwk')],
    ['signed with the public key in PEM as a secret', () => signedWithPublicKey('pem')],
    ['with the key that signed it in its header', () => withKeyInHeader()],
    ['with the address of the key that signed it', () => withAddressOfKey()],
    ['in the JSON form', async () => jsonForm(await signed())],
    ['that is encrypted', () => 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA'],
    ['that is junk', () => 'a.b.c'],
    ['that is huge', () => `${'a'.repeat(6_000)}.b.c`],
    ['with a line after it', async () => `${await signed()}%0a`],
  ])('answers 401 to a token %s', async (_, make) => {
    expect(await status(await make())).toBe(401);
    expect(gateway.upstream.seen).toEqual([]);
  });

  it('forwards no token that opened the door or could have, not even by forwardAuthorizationAs', async () => {
    await status(await signed());
    await status(await signed(), '/proxy/billing/x', 'GET', { 'x-api-key': SHOP.key });

    expect(gateway.upstream.seen).toHaveLength(2);
    for (const { headers } of gateway.upstream.seen) {
      expect(headers.authorization).toMatch(/^Bearer token-\d+$/);
      expect(headers['x-caller-authorization']).toBeUndefined();
    }
  });

  it('takes a token that names no key by any key of its issuer, while it has two', async () => {
    const changing = await tokenIssuer();
    await changing.rotate({ keep: true });
    const jwt = [{ issuer: changing.url, audience: 'gateway', integrations: ['*'], allowInsecureRequests: true }];
    const own = await guardedGateway({ access: { jwt } });
    const get = async (claims: JWTPayload) => {
      const headers = { authorization: `Bearer ${await changing.sign(claims, { kid: undefined })}` };
      return (await fetch(`${own.url}/proxy/billing/x`, { headers })).status;
    };

    expect(await get({})).toBe(200);
    expect(await get({ aud: 'other' })).toBe(401);
    await own.stop();
    await changing.close();
  });

  it('asks the issuer for its keys once for many tokens, and again when it has a new key', async () => {
    await status(await signed());
    const before = issuer.asked.length;
    await Promise.all(Array.from({ length: 20 }, async () => status(await signed())));

    expect(issuer.asked.length).toBe(before);
  });

  function unsigned(alg: string): string {
    return `${encode({ alg })}.${encode({ iss: issuer.url, aud: 'gateway', sub: 'shop', exp: now() + 60 })}.`;
  }
  async function exchangeSignature(): Promise<string> {
    const [one, two] = await Promise.all([signed(), signed({ scope: 'admin' })]);
    return `${one.slice(0, one.lastIndexOf('.'))}${two.slice(two.lastIndexOf('.'))}`;
  }
  async function exchangeClaims(): Promise<string> {
    const [header, , signature] = (await signed()).split('.');
    const claims = { iss: issuer.url, aud: 'gateway', sub: 'shop', exp: now() + 60, scope: 'admin' };
    return `${header}.${encode(claims)}.${signature}`;
  }
  async function signedWithPublicKey(form: 'jwk' | 'pem'): Promise<string> {
    const jwk = other.publicJwk();
    const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }) as string;
    const secret = new TextEncoder().encode(form === 'pem' ? pem : JSON.stringify(jwk));
    return new SignJWT({ iss: other.url, aud: 'gateway', sub: 'shop', exp: now() + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: jwk.kid })
      .sign(secret);
  }
  async function withKeyInHeader(): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const header = { alg: 'ES256', jwk: await exportJWK(publicKey), kid: issuer.publicJwk().kid };
    return new SignJWT({ iss: issuer.url, aud: 'gateway', exp: now() + 60 })
      .setProtectedHeader(header)
      .sign(privateKey);
  }
  async function withAddressOfKey(): Promise<string> {
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', jku: `${other.url}/keys`, x5u: `${other.url}/x5u`, kid: issuer.publicJwk().kid };
    return new SignJWT({ iss: issuer.url, aud: 'gateway', exp: now() + 60 })
      .setProtectedHeader(header)
      .sign(privateKey);
  }
  async function withExtension(): Promise<string> {
    const [, claims, signature] = (await signed()).split('.');
    return `${encode({ alg: 'ES256', kid: issuer.publicJwk().kid, crit: ['x'], x: 1 })}.${claims}.${signature}`;
  }
  function jsonForm(token: string): string {
    const [header, payload, signature] = token.split('.');
    return JSON.stringify({ protected: header, payload, signature });
  }
});

describe('A door whose issuer is not there', () => {
  let issuer: TokenIssuer;
  let gateway: GuardedGateway;
  beforeEach(async () => {
    issuer = await tokenIssuer();
    const jwt = [{ issuer: issuer.url, audience: 'gateway', integrations: ['*'], allowInsecureRequests: true }];
    const apiKeys = [{ id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] }];
    issuer.isUp = false;
    gateway = await guardedGateway({ access: { jwt, apiKeys } });
  });
  afterEach(async () => {
    await gateway?.stop();
    await issuer?.close();
  });

  it('answers 503 with Retry-After to its tokens, and goes on with keys', async () => {
    const get = async (credential: string) =>
      fetch(`${gateway.url}/proxy/billing/x`, { headers: { authorization: `Bearer ${credential}` } });
    const refused = await get(await issuer.sign());

    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'GATEWAY_ISSUER_UNAVAILABLE' });
    expect((await get(SHOP.key)).status).toBe(200);
    expect((await get('a.b.c')).status).toBe(401);
  });

  it('forwards nothing for a caller who left before the keys came, and serves the next one', async () => {
    issuer.isUp = true;
    const release = issuer.hold();
    const headers = { authorization: `Bearer ${await issuer.sign()}` };
    const leaving = connect(gateway.port, '127.0.0.1');
    const fields = [`Host: 127.0.0.1:${gateway.port}`, `Authorization: ${headers.authorization}`];
    leaving.write(`GET /proxy/billing/left HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
    await waitFor(() => issuer.asked.length > 0);
    // A caller that only closes its half is answered.
    leaving.resetAndDestroy();
    await fetch(`${gateway.url}/health/live`);
    release();

    expect((await fetch(`${gateway.url}/proxy/billing/next`, { headers })).status).toBe(200);
    expect(gateway.upstream.seen.map(({ url }) => url)).toEqual(['/api/next']);
  });
});
