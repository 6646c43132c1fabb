import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@mintonce/test-support';
import { Agent, fetch as undiciFetch, type RequestInit } from 'undici';
import { TOKEN } from './recording-idp.spec-support.js';
import { clientCredentials, type ClientCredentialsOptions, type IdentityProviderFetch } from './index.js';

type Certificate = Awaited<ReturnType<typeof selfSignedCertificate>>;

describe('clientCredentials() with clientAuth tls_client_auth', () => {
  let server: Server;
  let origin: string;
  let [idp, client, stranger]: Certificate[] = [];
  let seen: { url: string; certificate: string; form: Record<string, string>; authorization?: string }[];
  let metadata: object;

  beforeAll(async () => {
    [idp, client, stranger] = await Promise.all(['localhost', 'client', 'stranger'].map(selfSignedCertificate));
    server = createServer({ ...idp!, requestCert: true, ca: client!.cert }, (request, response) => {
      void answer(request, response);
    }).listen(0, '127.0.0.1');
    async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const { url = '', headers } = request;
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      const form = Object.fromEntries(new URLSearchParams(await text(request)));
      seen.push({ url, certificate: `${subject?.CN}`, form, authorization: headers.authorization });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(url.includes('/.well-known/') ? metadata : TOKEN));
    }
    await once(server, 'listening');
    origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    seen = [];
    metadata = { issuer: origin, token_endpoint: `${origin}/token` };
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function presenting(certificate: Certificate): IdentityProviderFetch {
    const dispatcher = new Agent({ connect: { ...certificate, ca: idp!.cert, rejectUnauthorized: true } });
    return async (url, init) => await undiciFetch(url, { ...(init as RequestInit), dispatcher });
  }

  function mint(options: Partial<ClientCredentialsOptions>) {
    const source = clientCredentials({ clientId: 'gateway', clientAuth: 'tls_client_auth', ...options });
    return source.mint({}, { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' });
  }

  it('names the client in the body, and sends no secret', async () => {
    const minted = await mint({ tokenEndpoint: `${origin}/token`, fetch: presenting(client!) });
    expect(minted).toMatchObject({ accessToken: 'abc' });
    const form = { grant_type: 'client_credentials', client_id: 'gateway' };
    expect(seen).toEqual([{ url: '/token', certificate: 'client', form, authorization: undefined }]);
  });

  it('asks the endpoint that the metadata names for certificates', async () => {
    metadata = { ...metadata, mtls_endpoint_aliases: { token_endpoint: `${origin}/mtls/token` } };
    await mint({ issuer: origin, fetch: presenting(client!) });
    expect(seen.map(({ url }) => url)).toEqual(['/.well-known/openid-configuration', '/mtls/token']);
  });

  it.each([undefined, null, {}, 'none'])(
    'asks the token endpoint if the metadata has the aliases %j',
    async (aliases) => {
      metadata = { ...metadata, mtls_endpoint_aliases: aliases };
      await mint({ issuer: origin, fetch: presenting(client!) });
      expect(seen.at(-1)?.url).toBe('/token');
    },
  );

  it('sends a secret to the token endpoint and not to the one for certificates', async () => {
    metadata = { ...metadata, mtls_endpoint_aliases: { token_endpoint: `${origin}/mtls/token` } };
    await mint({ issuer: origin, clientAuth: undefined, clientSecret: 's', fetch: presenting(client!) });
    expect(seen.at(-1)?.url).toBe('/token');
  });

  it('says to check the certificate when the server hangs up on it', async () => {
    const minting = mint({ tokenEndpoint: `${origin}/token`, fetch: presenting(stranger!) });
    const message: unknown = expect.stringContaining('certificate');
    await expect(minting).rejects.toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE', message });
    expect(seen).toEqual([]);
  });
});
