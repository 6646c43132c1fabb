import { clientCredentials } from './index.js';

const valid = { tokenEndpoint: 'https://idp.example/token', clientId: 'gateway', clientSecret: 'secret' };
const byCertificate = { ...valid, clientSecret: undefined, clientAuth: 'tls_client_auth', fetch };
const local = { ...valid, allowInsecureRequests: true };

/** Options of any type, as a configuration file may hold them. */
function source(options: object) {
  return clientCredentials(options);
}

describe('The options of clientCredentials()', () => {
  it.each<[string, string, object]>([
    ['issuer', 'neither issuer nor tokenEndpoint', { ...valid, tokenEndpoint: undefined }],
    ['tokenEndpoint', 'both issuer and tokenEndpoint', { ...valid, issuer: 'https://idp.example' }],
    ['tokenEndpoint', 'no URL', { ...valid, tokenEndpoint: 'idp.example/token' }],
    ['issuer', 'no URL', { ...valid, tokenEndpoint: undefined, issuer: '' }],
    ['tokenEndpoint', 'no string', { ...valid, tokenEndpoint: 7 }],
    ['tokenEndpoint', 'another protocol', { ...valid, tokenEndpoint: 'file:///etc/passwd' }],
    ['tokenEndpoint', 'credentials in the URL', { ...valid, tokenEndpoint: 'https://a:b@idp.example/token' }],
    ['tokenEndpoint', 'a fragment', { ...valid, tokenEndpoint: 'https://idp.example/token#a' }],
    ['tokenEndpoint', 'http', { ...valid, tokenEndpoint: 'http://127.0.0.1/token' }],
    ['tokenEndpoint', 'http to another machine', { ...local, tokenEndpoint: 'http://idp.example/token' }],
    ['tokenEndpoint', 'http to a name like loopback', { ...local, tokenEndpoint: 'http://127.0.0.1.example/token' }],
    ['allowInsecureRequests', 'a string', { ...valid, allowInsecureRequests: 'yes' }],
    ['allowPlainHttp', 'a string', { ...valid, allowPlainHttp: 'yes' }],
    ['tokenEndpoint', 'no http at all', { ...valid, allowPlainHttp: true, tokenEndpoint: 'ftp://idp.example' }],
    ['clientId', 'empty', { ...valid, clientId: '' }],
    ['clientId', 'missing', { ...valid, clientId: undefined }],
    ['clientSecret', 'empty', { ...valid, clientSecret: '' }],
    ['clientSecret', 'a line break', { ...valid, clientSecret: '\n' }],
    ['clientSecret', 'missing', { ...valid, clientSecret: undefined }],
    ['clientAuth', 'not known', { ...valid, clientAuth: 'private_key_jwt' }],
    ['scope', 'a number', { ...valid, scope: 7 }],
    ['audience', 'a list', { ...valid, audience: ['a'] }],
    ['resource', 'a number', { ...valid, resource: 7 }],
    ['resource', 'an empty one', { ...valid, resource: ['a', ''] }],
    ['parameters', 'a list', { ...valid, parameters: ['a=b'] }],
    ['parameters.a', 'a number', { ...valid, parameters: { a: 7 } }],
    ['parameters.scope', 'that is an option', { ...valid, parameters: { scope: 'a' } }],
    ['parameters.client_secret', 'that is an option', { ...valid, parameters: { client_secret: 'a' } }],
    ['parameters.grant_type', 'that the grant sets', { ...valid, parameters: { grant_type: 'password' } }],
    ['headers', 'null', { ...valid, headers: null }],
    ['headers.x-key', 'a line break', { ...valid, headers: { 'x-key': 'a\r\nb: c' } }],
    ['headers.x key', 'a name that is none', { ...valid, headers: { 'x key': 'a' } }],
    ['headers.Authorization', 'that the source sets', { ...valid, headers: { Authorization: 'Basic a' } }],
    ['headers.HTTP2-Settings', 'that begins another protocol', { ...valid, headers: { 'HTTP2-Settings': 'a' } }],
    ['headers.host', 'that the source sets', { ...valid, headers: { host: 'a' } }],
    ['tokenType', 'two words', { ...valid, tokenType: 'Zoho oauthtoken' }],
    ['credentials', 'an object', { ...valid, clientId: undefined, clientSecret: undefined, credentials: {} }],
    ['credentials', 'beside clientId', { ...valid, clientSecret: undefined, credentials: () => ({}) }],
    ['fetch', 'an object', { ...valid, fetch: {} }],
    ['fetch', 'missing with tls_client_auth', { ...byCertificate, fetch: undefined }],
    ['clientSecret', 'given with tls_client_auth', { ...byCertificate, clientSecret: 'a' }],
    ['credentials', 'given with tls_client_auth', { ...byCertificate, clientId: undefined, credentials: () => ({}) }],
    ['clientId', 'missing with tls_client_auth', { ...byCertificate, clientId: undefined }],
    [
      'tokenEndpoint',
      'the URL of metadata',
      { ...valid, tokenEndpoint: 'https://a.example/.well-known/openid-configuration' },
    ],
    ['tokenEndpoint', 'a host that the request chooses', { ...valid, tokenEndpoint: 'https://{tenant}/token' }],
    ['tokenEndpoint', 'a domain that the request chooses', { ...valid, tokenEndpoint: 'https://{tenant}.com/token' }],
    ['tokenEndpoint', 'a domain that the request ends', { ...valid, tokenEndpoint: 'https://idp.{tenant}/token' }],
    [
      'tokenEndpoint',
      'a user that the request chooses',
      { ...valid, tokenEndpoint: 'https://{tenant}@idp.example/token' },
    ],
    [
      'tokenEndpoint',
      'a port that the request chooses',
      { ...valid, tokenEndpoint: 'https://idp.example:{tenant}/token' },
    ],
  ])('refuse, with an error that names %s: %s', (field, _what, options) => {
    expect(() => source(options)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field, message: expect.stringContaining(field) }),
    );
  });

  it.each(['http://localhost:1/token', 'http://127.0.0.2/token', 'http://[::1]:1/token', 'https://idp.example/token'])(
    'accept a token endpoint with allowInsecureRequests: %s',
    (tokenEndpoint) => {
      expect(() => source({ ...local, tokenEndpoint })).not.toThrow();
    },
  );

  it.each([
    ['token endpoint', { tokenEndpoint: 'http://idp.example/token' }],
    ['issuer', { tokenEndpoint: undefined, issuer: 'http://idp.example' }],
  ])('accept http to another machine with allowPlainHttp: %s', (_what, options) => {
    expect(() => source({ ...valid, ...options, allowPlainHttp: true })).not.toThrow();
  });
});

describe('The identity of a source of clientCredentials()', () => {
  const { identity } = source(valid);

  it('is the same for the same client', () => {
    expect(source({ ...valid, clientAuth: 'client_secret_basic' }).identity).toBe(identity);
  });

  it.each<[string, object]>([
    ['the token endpoint', { ...valid, tokenEndpoint: 'https://idp.example/other' }],
    ['the issuer', { ...valid, tokenEndpoint: undefined, issuer: 'https://idp.example/token' }],
    ['the client', { ...valid, clientId: 'other' }],
    ['the secret', { ...valid, clientSecret: 'other' }],
    ['the authentication method', { ...valid, clientAuth: 'client_secret_post' }],
    ['the default scope', { ...valid, scope: 'a' }],
    ['the default audience', { ...valid, audience: 'a' }],
    ['the default resource', { ...valid, resource: 'a' }],
    ['further parameters', { ...valid, parameters: { a: 'b' } }],
    ['further headers', { ...valid, headers: { a: 'b' } }],
    ['the type of the tokens', { ...valid, tokenType: 'a' }],
  ])('changes with %s', (_what, options) => {
    expect(source(options).identity).not.toBe(identity);
  });

  it('comes with the server and the client, which sources of one client share', () => {
    expect(source({ ...valid, tokenEndpoint: `${valid.tokenEndpoint}?key=a`, scope: 'b' })).toMatchObject({
      provider: valid.tokenEndpoint,
      client: valid.clientId,
    });
  });

  it('does not depend on the order of the scopes', () => {
    expect(source({ ...valid, scope: 'a b' }).identity).toBe(source({ ...valid, scope: ['b', 'a', 'a'] }).identity);
  });

  it('does not hold the secret, nor what parameters and headers hold', () => {
    const kept = 'kept-to-itself';
    const { identity } = source({ ...valid, clientSecret: kept, parameters: { a: kept }, headers: { b: kept } });
    expect(identity).not.toContain(kept);
  });
});
