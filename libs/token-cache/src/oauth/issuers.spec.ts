import { answers, failureOf, RecordingIdp, TOKEN } from './recording-idp.spec-support.js';

describe('clientCredentials() with an issuer', () => {
  let idp: RecordingIdp;

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => idp.reset());
  afterAll(() => idp.stop());

  /** Publishes metadata at one path; the token endpoint is at `/token`. */
  function publish(path: string, issuer: string): void {
    idp.respond = (response, seen) => {
      const isMetadata = seen.url === path;
      const status = isMetadata || seen.method === 'POST' ? 200 : 404;
      answers({ ...TOKEN, issuer, token_endpoint: `${idp.origin}/token` }, { status })(response, seen);
    };
  }

  it.each([
    ['of OpenID Connect', '/realms/a/.well-known/openid-configuration', '/realms/a'],
    ['of OpenID Connect, whose issuer ends in a slash', '/realms/a/.well-known/openid-configuration', '/realms/a/'],
    ['of RFC 8414', '/.well-known/oauth-authorization-server/realms/a', '/realms/a'],
    ['of OpenID Connect in the place of RFC 8414', '/.well-known/openid-configuration/realms/a', '/realms/a'],
    ['of OpenID Connect without a path', '/.well-known/openid-configuration', ''],
    ['of RFC 8414 without a path', '/.well-known/oauth-authorization-server', ''],
  ])('takes the URL of metadata %s', async (_what, pasted, issuer) => {
    publish(
      pasted.replace(/^\/.well-known\/openid-configuration(\/.+)$/, '$1/.well-known/openid-configuration'),
      idp.origin + issuer,
    );
    expect(await idp.mint({ issuer: idp.origin + pasted })).toMatchObject({ accessToken: 'abc' });
    expect(idp.last.url).toBe('/token');
  });

  it.each([
    ['a trailing slash', '/realms/a', () => `${idp.origin}/realms/a/`],
    ['the {tenantid} of Entra ID', '/common/v2.0', () => 'https://login.example/{tenantid}/v2.0'],
    ['a public name for an internal address', '/realms/a', () => 'https://sso.example/realms/a'],
  ])('names both issuers and tokenEndpoint when they differ by %s', async (_what, path, named) => {
    publish(`${path}/.well-known/openid-configuration`, named());
    const { code, message } = await failureOf(idp.mint({ issuer: idp.origin + path }));
    expect(code).toBe('TOKEN_RESPONSE_INVALID');
    for (const part of [`"${named()}"`, `"${idp.origin}${path}"`, 'tokenEndpoint', '"billing"']) {
      expect(message).toContain(part);
    }
    expect(idp.seen.map(({ method }) => method)).not.toContain('POST');
  });

  it.each([
    'https://a:secret@idp.example',
    'https://idp.example/?key=secret',
    'https://idp.example/\u001b[31m',
    'not a URL, but a secret',
  ])('does not quote an issuer that may hold a secret: %j', async (issuer) => {
    publish('/.well-known/openid-configuration', issuer);
    const { message } = await failureOf(idp.mint({ issuer: idp.origin }));
    expect(message).toContain('another form');
    expect(message).not.toContain('secret');
  });

  it('reads the metadata of each tenant once', async () => {
    const source = idp.source({ issuer: `${idp.origin}/{tenant}` });
    const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' };
    for (const tenant of ['a', 'b', 'a']) {
      publish(`/${tenant}/.well-known/openid-configuration`, `${idp.origin}/${tenant}`);
      await source.mint({ tenant }, context);
    }
    expect(idp.seen.filter(({ method }) => method === 'GET').map(({ url }) => url)).toEqual([
      '/a/.well-known/openid-configuration',
      '/b/.well-known/openid-configuration',
    ]);
  });
});
