import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Configuration } from 'oidc-provider';
import { type TokenRequest } from '../core/contract/token-request.js';
import { clientCredentials, type ClientCredentialsOptions } from './index.js';

const clientSecret = 'a+b/c d:e%20&=';
const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' };

const configuration: Configuration = {
  clients: (['client_secret_basic', 'client_secret_post'] as const).map((method) => ({
    client_id: method,
    client_secret: clientSecret,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    scope: 'invoices:read invoices:write',
    redirect_uris: [],
    response_types: [],
  })),
  scopes: ['invoices:read', 'invoices:write', 'admin'],
  ttl: { ClientCredentials: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, _client, resource) => resource ?? [],
      getResourceServerInfo: (_context, resource) => ({
        audience: resource,
        scope: 'invoices:read invoices:write',
        accessTokenFormat: 'jwt',
      }),
    },
  },
};

describe('clientCredentials() with a certified authorization server', () => {
  let server: Server;
  let issuer: string;
  let asked: string[];

  beforeAll(async () => {
    // The provider prints warnings about its development settings.
    for (const method of ['info', 'warn'] as const) jest.spyOn(console, method).mockImplementation();
    const { Provider } = await import('oidc-provider');
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = new Provider(issuer, configuration).callback();
    server.on('request', (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      void answer(request, response);
    });
  });

  beforeEach(() => {
    asked = [];
  });

  afterAll(() => {
    jest.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  function source(options: Partial<ClientCredentialsOptions> = {}) {
    return clientCredentials({
      issuer,
      clientId: 'client_secret_basic',
      clientSecret,
      allowInsecureRequests: true,
      ...options,
    });
  }

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'authenticates with %s, with a secret of special characters',
    async (clientAuth) => {
      const minted = await source({ clientId: clientAuth, clientAuth }).mint({}, context);
      expect(minted).toMatchObject({ accessToken: expect.any(String), tokenType: 'Bearer', expiresInMs: 3_600_000 });
    },
  );

  it('sends no request before the first mint, and reads the metadata once', async () => {
    const lazy = source();
    expect(asked).toEqual([]);
    await lazy.mint({}, context);
    await lazy.mint({}, context);
    expect(asked).toEqual(['GET /.well-known/openid-configuration', 'POST /token', 'POST /token']);
  });

  it('reads no metadata if the token endpoint is given', async () => {
    await source({ issuer: undefined, tokenEndpoint: `${issuer}/token` }).mint({}, context);
    expect(asked).toEqual(['POST /token']);
  });

  it.each<[string, Partial<ClientCredentialsOptions>, TokenRequest, string | undefined]>([
    ['no scope by default', {}, {}, undefined],
    ['the default scope', { scope: 'invoices:read' }, {}, 'invoices:read'],
    [
      'the scope of the request over the default',
      { scope: 'invoices:read' },
      { scope: ['invoices:write'] },
      'invoices:write',
    ],
    ['several scopes', { scope: ['invoices:write', 'invoices:read'] }, {}, 'invoices:read invoices:write'],
  ])('requests %s', async (_what, options, request, granted) => {
    expect((await source(options).mint(request, context)).scope).toBe(granted);
  });

  it('requests a token for one resource (RFC 8707)', async () => {
    const request = { resource: 'https://billing.example/', scope: 'invoices:read' };
    const { accessToken } = await source().mint(request, context);
    const claims: unknown = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: 'https://billing.example/', scope: 'invoices:read' });
  });

  it('calls the secret function at each mint, and uses a rotated secret', async () => {
    let secret = 'old';
    const rotated = source({ clientSecret: async () => `${secret}\n` });
    await expect(rotated.mint({}, context)).rejects.toMatchObject({
      code: 'TOKEN_SOURCE_REJECTED',
      oauthError: 'invalid_client',
    });
    secret = clientSecret;
    await expect(rotated.mint({}, context)).resolves.toMatchObject({ tokenType: 'Bearer' });
  });

  it.each<[string, Partial<ClientCredentialsOptions>, TokenRequest]>([
    ['invalid_client', { clientSecret: 'wrong' }, {}],
    ['invalid_client', { clientId: 'nobody' }, {}],
    ['invalid_scope', {}, { scope: 'admin' }],
    ['invalid_target', {}, { resource: 'not a uri' }],
  ])('fails with TokenSourceRejectedError on %s', async (oauthError, options, request) => {
    await expect(source(options).mint(request, context)).rejects.toMatchObject({
      code: 'TOKEN_SOURCE_REJECTED',
      oauthError,
    });
  });
});
