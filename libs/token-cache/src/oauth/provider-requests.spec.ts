import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { type ClientCredentialsOptions } from './index.js';
import { failureOf, RecordingIdp } from './recording-idp.spec-support.js';

type Options = Partial<ClientCredentialsOptions>;

describe('clientCredentials() sends what providers want', () => {
  let idp: RecordingIdp;

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => idp.reset());
  afterAll(() => idp.stop());

  it.each<[string, Options, TokenRequest, string]>([
    ['the grant alone', {}, {}, 'grant_type=client_credentials'],
    ['a default resource', { resource: 'https://a' }, {}, 'grant_type=client_credentials&resource=https://a'],
    ['several resources', { resource: ['b', 'a'] }, {}, 'grant_type=client_credentials&resource=a&resource=b'],
    [
      'the resource of the request over the default',
      { resource: 'a' },
      { resource: 'c' },
      'grant_type=client_credentials&resource=c',
    ],
    [
      'further parameters',
      { parameters: { organization: 'org 1' } },
      {},
      'grant_type=client_credentials&organization=org 1',
    ],
    ['a parameter twice', { parameters: { acr: ['x', 'y'] } }, {}, 'acr=x&acr=y&grant_type=client_credentials'],
    ['a parameter that is empty', { parameters: { flag: '' } }, {}, 'flag=&grant_type=client_credentials'],
    [
      'the tenant as a parameter',
      { parameters: { organization: '{tenant}' } },
      { tenant: 'Ä & b' },
      'grant_type=client_credentials&organization=Ä & b',
    ],
    [
      'the subject as a parameter',
      { parameters: { account_id: '{subject}' } },
      { subject: 'me@x' },
      'account_id=me@x&grant_type=client_credentials',
    ],
    [
      'the tenant in the scope',
      { scope: 'https://{tenant}.crm.example/.default' },
      { tenant: 'acme' },
      'grant_type=client_credentials&scope=https://acme.crm.example/.default',
    ],
    [
      'the tenant in the audience',
      { audience: 'urn:{tenant}' },
      { tenant: 'acme' },
      'audience=urn:acme&grant_type=client_credentials',
    ],
  ])('in the body: %s', async (_what, options, request, expected) => {
    await idp.mint(options, request);
    const sent = [...idp.last.form].map((pair) => pair.join('=')).sort();
    expect(sent.join('&')).toBe(expected);
    // Some servers take no `charset` beside it, and the type has no such parameter.
    expect(idp.last.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('in the header: further headers, and a user agent', async () => {
    await idp.mint({ headers: { 'X-Api-Key': 'key', 'x-tenant': 'of {tenant}' } }, { tenant: 'acme' });
    expect(idp.last.headers).toMatchObject({ 'x-api-key': 'key', 'x-tenant': 'of acme', accept: 'application/json' });
    expect(idp.last.headers['user-agent']).not.toBe('');
  });

  it('in headers and parameters: what functions return at that mint, without the line break at its end', async () => {
    let key = 'first';
    const source = idp.source({
      headers: { 'X-Api-Key': () => `${key}\n` },
      parameters: { device: async () => `${key} {tenant}`, acr: ['a', () => key] },
    });
    const mint = () => source.mint({}, { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' });
    await mint();
    key = 'second';
    await mint();
    const sent = idp.seen.map(({ headers, form }) => [headers['x-api-key'], form.get('device'), form.getAll('acr')]);
    expect(sent).toEqual([
      ['first', 'first {tenant}', ['a', 'first']],
      ['second', 'second {tenant}', ['a', 'second']],
    ]);
  });

  it.each<[string, Options]>([
    ['headers.a()', { headers: { a: () => JSON.parse('s3cret') as string } }],
    ['headers.a()', { headers: { a: () => 's3cret\r\nb: c' } }],
    ['headers.a()', { headers: { a: () => '' } }],
    ['headers.a()', { headers: { a: () => undefined as unknown as string } }],
    ['parameters.a()', { parameters: { a: async () => Promise.reject(new Error('s3cret')) } }],
    ['parameters.a()', { parameters: { a: ['b', () => 7 as unknown as string] } }],
  ])('and nothing when %s fails, or returns what cannot be sent: case %#', async (what, options) => {
    const error = await failureOf(idp.mint(options));
    expect(error).toMatchObject({
      code: 'TOKEN_SOURCE_UNAVAILABLE',
      message: expect.stringContaining(`${what} of "billing"`),
    });
    expect(`${error.stack}`).not.toContain('s3cret');
    expect(idp.seen).toEqual([]);
  });

  it('in the query of the token endpoint: what stands there', async () => {
    await idp.mint({ tokenEndpoint: `${idp.origin}/token?grant_type=client_credentials` });
    expect(idp.last.url).toBe('/token?grant_type=client_credentials');
  });

  it.each([
    [
      'client_secret_basic',
      '74658136-b147-4477-8b02-5f2f4d2b9b4c',
      'a-b_c.d~e',
      '74658136-b147-4477-8b02-5f2f4d2b9b4c:a-b_c.d~e',
    ],
    ['client_secret_basic', 'my client', 'a+b/c=d!e%f:g', 'my+client:a%2Bb%2Fc%3Dd%21e%25f%3Ag'],
    ['client_secret_basic', 'a', "ä*'()", 'a:%C3%A4%2A%27%28%29'],
    ['client_secret_basic_raw', 'my client', 'a+b/c=d!e%f:g', 'my client:a+b/c=d!e%f:g'],
    ['client_secret_basic_raw', 'sb-app!b4', 'ä', 'sb-app!b4:ä'],
  ] as const)('with %s, for the client %s and the secret %s', async (clientAuth, clientId, clientSecret, expected) => {
    await idp.mint({ clientAuth, clientId, clientSecret });
    const [scheme, value = ''] = idp.last.headers.authorization!.split(' ');
    expect([scheme, Buffer.from(value, 'base64').toString()]).toEqual(['Basic', expected]);
    expect(idp.last.form.has('client_secret')).toBe(false);
  });

  describe('for tenants', () => {
    it.each([
      [
        'in the path',
        '/{tenant}/oauth2/v2.0/token',
        'contoso.onmicrosoft.com',
        '/contoso.onmicrosoft.com/oauth2/v2.0/token',
      ],
      ['in the query', '/token?tenant={tenant}', 'a_b-c', '/token?tenant=a_b-c'],
    ])('%s of the token endpoint', async (_what, path, tenant, expected) => {
      await idp.mint({ tokenEndpoint: idp.origin + path }, { tenant });
      expect(idp.last.url).toBe(expected);
    });

    it('in the host of the token endpoint', async () => {
      const asked: string[] = [];
      const fetch = async (url: string): Promise<Response> => {
        asked.push(url);
        return Response.json({ access_token: 'abc' });
      };
      await idp.mint(
        { tokenEndpoint: 'https://{tenant}.authentication.example.com/oauth/token', fetch },
        { tenant: 'acme' },
      );
      expect(asked).toEqual(['https://acme.authentication.example.com/oauth/token']);
    });

    it.each(['a/b', '..', '.', 'a?b', 'a#b', 'a%2Fb', 'a b', '-', 'a@b', 'a:b', '../../x', 'ä'])(
      'and refuses one that would change the URL: %s',
      async (tenant) => {
        const tokenEndpoint = `${idp.origin}/{tenant}/token`;
        expect(() => idp.source({ tokenEndpoint }).check!({ tenant })).toThrow(
          expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field: 'request.tenant' }),
        );
        await failureOf(idp.mint({ tokenEndpoint }, { tenant }));
        expect(idp.seen).toEqual([]);
      },
    );

    it('and refuses one that would end a header', async () => {
      await failureOf(idp.mint({ headers: { 'x-tenant': '{tenant}' } }, { tenant: 'a\r\nx-admin: 1' }));
      expect(idp.seen).toEqual([]);
    });

    it('with a client each, which a function finds', async () => {
      const credentials = async (tenant?: string) => ({ clientId: `of-${tenant}`, clientSecret: 'secret\n' });
      await idp.mint({ credentials, clientAuth: 'client_secret_post' }, { tenant: 'acme' });
      expect(Object.fromEntries(idp.last.form)).toMatchObject({ client_id: 'of-acme', client_secret: 'secret' });
      await idp.mint({ credentials, clientAuth: 'client_secret_post' });
      expect(idp.last.form.get('client_id')).toBe('of-undefined');
    });

    it.each<[string, () => unknown]>([
      ['throws', () => JSON.parse('secret')],
      ['gives nothing', () => undefined],
      ['gives no secret', () => ({ clientId: 'a' })],
      ['gives an empty id', () => ({ clientId: '', clientSecret: 'secret' })],
    ])('and fails without a request if that function %s', async (_what, credentials) => {
      const error = await failureOf(idp.mint({ credentials: credentials as ClientCredentialsOptions['credentials'] }));
      expect(error).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        message: expect.stringContaining('credentials() of "billing"'),
      });
      expect(idp.seen).toEqual([]);
    });
  });

  it.each<[string, Options, TokenRequest]>([
    ['tenant', {}, { tenant: 'b' }],
    ['subject', {}, { subject: 'b' }],
    ['subject', { credentials: () => ({ clientId: 'a', clientSecret: 'b' }) }, { subject: 'b' }],
    ['tenant', { parameters: { user: '{subject}' } }, { tenant: 'b', subject: 'c' }],
  ])(
    'and refuses a %s that it does not use (%j), since the token would be that of another',
    async (field, options, request) => {
      expect(() => idp.source(options).check!(request)).toThrow(
        expect.objectContaining({
          code: 'TOKEN_CONFIG_INVALID',
          field: `request.${field}`,
          message: expect.stringContaining(`{${field}}`),
        }),
      );
      expect(await failureOf(idp.mint(options, request))).toMatchObject({ code: 'TOKEN_SOURCE_REJECTED' });
      expect(idp.seen).toEqual([]);
    },
  );

  it('and has TokenClient refuse a tenant that it does not use, before any mint', async () => {
    const tokens = new TokenClient({
      store: new MemoryTokenStore(),
      integrations: { graph: { source: idp.source() } },
    });
    for (const asking of [tokens.getToken('graph', { tenant: 'b' }), tokens.peek('graph', { tenant: 'b' })]) {
      expect(await failureOf(asking)).toMatchObject({
        code: 'TOKEN_CONFIG_INVALID',
        message: expect.stringContaining('"graph"'),
      });
    }
    expect(idp.seen).toEqual([]);
    await tokens.close();
  });

  it('and refuses a request without the tenant that it needs', async () => {
    const error = await failureOf(idp.mint({ tokenEndpoint: `${idp.origin}/{tenant}/token` }));
    expect(error).toMatchObject({
      code: 'TOKEN_SOURCE_REJECTED',
      message: expect.stringContaining('request.tenant is missing'),
    });
    expect(idp.seen).toEqual([]);
  });
});
