import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { selfSignedCertificate } from '@mintonce/test-support';
import { clientCredentials, type ClientCredentialsOptions } from './index.js';

const clientSecret = 'do-not-print-this';
const MIB = 1024 * 1024;

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

describe('clientCredentials() with unusual answers', () => {
  let server: Server;
  let origin: string;
  let respond: RequestListener;
  let asked: string[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      respond(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    asked = [];
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function answer({ status = 200, headers = {}, body = '' }: Answer): void {
    respond = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  }

  function mint(options: Partial<ClientCredentialsOptions> = {}, signal: AbortSignal = AbortSignal.timeout(30_000)) {
    const endpoint = 'issuer' in options ? {} : { tokenEndpoint: `${origin}/token` };
    return clientCredentials({
      ...endpoint,
      clientId: 'gateway',
      clientSecret,
      allowInsecureRequests: true,
      ...options,
    }).mint({}, { signal, fence: 1, integration: 'billing' });
  }

  async function failure(minting: Promise<unknown>): Promise<Record<string, unknown>> {
    const error: unknown = await minting.then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    return error as Record<string, unknown>;
  }

  const token = { access_token: 'abc', token_type: 'Bearer' };

  describe('reads expires_in', () => {
    it.each([
      ['a number', 3600, 3_600_000],
      ['a numeric string', '3600', 3_600_000],
      ['a fraction', 1.5, 1_500],
      ['a numeric string with a fraction', '1.5', 1_500],
      ['milliseconds by mistake', 3_600_000, 3_600_000_000],
      ['a numeric string between spaces', ' 3599 ', 3_599_000],
      ['0, which means that it is over', 0, 0],
      ['less than a millisecond', 0.0001, 0],
      ['negative', -1, -1_000],
      ['a negative string', '-1', -1_000],
      ['a word', 'abc', undefined],
      ['a number and a word', '3600s', undefined],
      ['an empty string', '', undefined],
      ['NaN', 'NaN', undefined],
      ['null', null, undefined],
      ['true', true, undefined],
      ['a list', [3600], undefined],
      ['an object', {}, undefined],
      ['more than time has', 1e300, undefined],
      ['missing', undefined, undefined],
    ])('if it is %s', async (_what, expires_in, expiresInMs) => {
      answer({ body: { ...token, expires_in } });
      expect(await mint()).toMatchObject({ accessToken: 'abc', tokenType: 'Bearer', expiresInMs });
    });
  });

  describe('accepts a token', () => {
    it.each([
      ['whose type is spelled otherwise', { ...token, token_type: 'bEARER' }, { tokenType: 'bEARER' }],
      ['without a type', { access_token: 'abc' }, { tokenType: 'Bearer' }],
      ['with a scope', { ...token, scope: 'a b' }, { scope: 'a b' }],
      ['with extras that make no sense', { ...token, id_token: 'x', refresh_token: null, scope: 7 }, {}],
      ['of odd but visible characters', { ...token, access_token: '1|a!b:c' }, { accessToken: '1|a!b:c' }],
      ['of 64 KiB', { ...token, access_token: 'a'.repeat(65_536) }, { accessToken: 'a'.repeat(65_536) }],
    ])('%s', async (_what, body, expected) => {
      answer({ body });
      expect(await mint()).toMatchObject({ accessToken: 'abc', tokenType: 'Bearer', scope: undefined, ...expected });
    });

    it('that is labelled as plain text', async () => {
      answer({ headers: { 'content-type': 'text/plain' }, body: token });
      expect(await mint()).toMatchObject({ accessToken: 'abc' });
    });
  });

  describe('fails with TokenResponseInvalidError on', () => {
    it.each<[string, Answer]>([
      ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }],
      ['HTML that says it is JSON', { body: '<html>Log in</html>' }],
      ['an empty body', {}],
      ['204 No Content', { status: 204 }],
      ['a string', { body: '"abc"' }],
      ['null', { body: 'null' }],
      ['a list', { body: [token] }],
      ['half a body', { body: '{"access_token":"ab' }],
      ['no access_token', { body: { token_type: 'Bearer' } }],
      ['an empty access_token', { body: { ...token, access_token: '' } }],
      ['an access_token that is a number', { body: { ...token, access_token: 7 } }],
      ['CR and LF in the token', { body: { ...token, access_token: 'abc\r\nX-Admin: 1' } }],
      ['LF at the end of the token', { body: { ...token, access_token: 'abc\n' } }],
      ['a space in the token', { body: { ...token, access_token: 'abc def' } }],
      ['NUL in the token', { body: { ...token, access_token: 'abc\0' } }],
      ['letters beyond ASCII in the token', { body: { ...token, access_token: 'abcü' } }],
      ['a DPoP token', { body: { ...token, token_type: 'DPoP' } }],
      ['a MAC token', { body: { ...token, token_type: 'mac' } }],
      ['a token_type that is a number', { body: { ...token, token_type: 7 } }],
      ['more than 1 MiB', { body: { ...token, padding: 'x'.repeat(MIB) } }],
    ])('%s', async (_what, odd) => {
      answer(odd);
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
    });

    it('a body without end, after reading 1 MiB of it', async () => {
      const closed = new Promise((resolve) => {
        respond = (_request, response) => {
          const chunk = ' '.repeat(65_536);
          const more = () => void (response.destroyed || response.write(chunk, () => setImmediate(more)));
          response.on('close', resolve);
          more();
        };
      });
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
      await closed;
    });

    it.each([301, 302, 303, 307, 308])('a redirect with %i, and does not follow it', async (status) => {
      answer({ status, headers: { location: '/elsewhere' } });
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
      expect(asked).toEqual(['POST /token']);
    });
  });

  describe('fails with TokenSourceRejectedError', () => {
    it.each<[string, Answer, string | undefined]>([
      ['400 with an error code', { status: 400, body: { error: 'invalid_scope' } }, 'invalid_scope'],
      [
        '401 with a challenge and an error code',
        { status: 401, headers: { 'www-authenticate': 'Basic realm="idp"' }, body: { error: 'invalid_client' } },
        'invalid_client',
      ],
      ['403 with an error code', { status: 403, body: { error: 'access_denied' } }, 'access_denied'],
      ['401 without a body', { status: 401 }, undefined],
      ['404 with HTML', { status: 404, headers: { 'content-type': 'text/html' }, body: '<html/>' }, undefined],
      ['400 with an error that is a sentence', { status: 400, body: { error: `no: ${clientSecret} !` } }, undefined],
      ['400 with more than 1 MiB', { status: 400, body: { error: 'x', padding: 'x'.repeat(MIB) } }, undefined],
    ])('on %s', async (_what, odd, oauthError) => {
      answer(odd);
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_SOURCE_REJECTED', ...(oauthError && { oauthError }) });
    });
  });

  describe('fails with TokenSourceUnavailableError', () => {
    it.each<[string, Answer]>([
      ['408', { status: 408 }],
      ['429', { status: 429, body: { error: 'invalid_request' } }],
      ['500', { status: 500, body: { error: 'invalid_client' } }],
      ['502 with HTML', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html/>' }],
      ['503 with more than 1 MiB', { status: 503, body: 'x'.repeat(2 * MIB) }],
      ['400 temporarily_unavailable', { status: 400, body: { error: 'temporarily_unavailable' } }],
      ['400 server_error', { status: 400, body: { error: 'server_error' } }],
    ])('on %s', async (_what, odd) => {
      answer(odd);
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it.each([
      ['seconds', '120', 120_000],
      ['a date', new Date(Date.UTC(2030, 0, 1, 0, 2)).toUTCString(), 120_000],
      ['0', '0', undefined],
      ['a date in the past', new Date(0).toUTCString(), undefined],
      ['negative', '-5', undefined],
      ['a fraction', '1.5', 1_500],
      ['a word', 'soon', undefined],
      ['a century', '3153600000', undefined],
      ['more than a number holds', '9'.repeat(400), undefined],
      ['a date that is none', 'Mon, 99 Foo 2030 00:00:00 GMT', undefined],
      ['empty', '', undefined],
    ])('and reads a Retry-After of %s', async (_what, retryAfter, expected) => {
      const date = new Date(Date.UTC(2030, 0, 1)).toUTCString();
      answer({ status: 429, headers: { 'retry-after': retryAfter, date } });
      expect((await failure(mint())).retryAfterMs).toBe(expected);
    });

    it('if the connection is refused', async () => {
      const closed = createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = closed.address() as AddressInfo;
      closed.close();
      await once(closed, 'close');
      const error = await failure(mint({ tokenEndpoint: `http://127.0.0.1:${port}/token` }));
      expect(error).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      });
    });

    it('if the connection breaks within the body', async () => {
      respond = (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"access_token":', () => response.destroy());
      };
      expect(await failure(mint())).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it('if the answer is not HTTP, and quotes nothing of it', async () => {
      respond = ({ socket }) => void socket.end(`echo ${clientSecret}\r\n\r\n`);
      const error = await failure(mint());
      expect(error).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(clientSecret);
    });

    it.each<[string, RequestListener]>([
      ['there is no answer', () => {}],
      ['the body does not end', (_request, response) => void response.writeHead(200).write('{')],
      ['the body of an error does not end', (_request, response) => void response.writeHead(503).write('{')],
    ])('if the mint is aborted while %s', async (_what, listener) => {
      const abort = new AbortController();
      respond = (request, response) => {
        listener(request, response);
        setImmediate(() => abort.abort());
      };
      expect(await failure(mint({}, abort.signal))).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });

    it('if the certificate is not trusted, and sends no request', async () => {
      const requests = jest.fn();
      const tls = createTlsServer(await selfSignedCertificate('localhost'), requests).listen(0, '127.0.0.1');
      await once(tls, 'listening');
      try {
        const { port } = tls.address() as AddressInfo;
        const error = await failure(mint({ tokenEndpoint: `https://localhost:${port}/token` }));
        expect(error).toMatchObject({
          code: 'TOKEN_SOURCE_UNAVAILABLE',
          message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
        });
        expect(requests).not.toHaveBeenCalled();
      } finally {
        tls.close();
      }
    });
  });

  describe('with a secret function', () => {
    it.each<[string, () => string | Promise<string>]>([
      ['throws', () => JSON.parse(clientSecret)],
      ['rejects', async () => JSON.parse(clientSecret)],
      ['gives nothing', () => ''],
      ['gives a line break', () => '\n'],
    ])('that %s, fails with TokenSourceUnavailableError and sends no request', async (_what, secret) => {
      const error = await failure(mint({ clientSecret: secret }));
      expect(error).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(clientSecret);
      expect(asked).toEqual([]);
    });

    it('that hangs, fails when the mint is aborted', async () => {
      const abort = new AbortController();
      const clientSecret = () => new Promise<string>(() => setImmediate(() => abort.abort()));
      expect(await failure(mint({ clientSecret }, abort.signal))).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    });
  });

  it('quotes nothing of an answer but its error code in an error', async () => {
    const echo = { error_description: clientSecret, access_token: `${clientSecret} `, secret: clientSecret };
    for (const status of [200, 302, 400, 401, 429, 503]) {
      answer({ status, headers: { 'www-authenticate': clientSecret }, body: { error: 'invalid_request', ...echo } });
      const error = await failure(mint());
      expect(error.oauthError ?? 'invalid_request').toBe('invalid_request');
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(clientSecret);
    }
  });

  describe('in discovery', () => {
    const metadata = () => ({ issuer: origin, token_endpoint: `${origin}/token` });

    it('reads the metadata at the location of RFC 8414 if that of OpenID Connect answers 404', async () => {
      respond = ({ url, method }, response) => {
        const isKnown = url === '/.well-known/oauth-authorization-server/tenant' || method === 'POST';
        response.writeHead(isKnown ? 200 : 404);
        response.end(JSON.stringify({ ...token, ...metadata(), issuer: `${origin}/tenant` }));
      };
      expect(await mint({ issuer: `${origin}/tenant` })).toMatchObject({ accessToken: 'abc' });
      expect(asked).toEqual([
        'GET /tenant/.well-known/openid-configuration',
        'GET /.well-known/oauth-authorization-server/tenant',
        'POST /token',
      ]);
    });

    it.each<[string, string, () => Answer]>([
      ['TOKEN_RESPONSE_INVALID', 'HTML', () => ({ body: '<html/>' })],
      [
        'TOKEN_RESPONSE_INVALID',
        'another issuer',
        () => ({ body: { ...metadata(), issuer: 'https://other.example' } }),
      ],
      ['TOKEN_RESPONSE_INVALID', 'an issuer that is no URL', () => ({ body: { ...metadata(), issuer: 'other' } })],
      ['TOKEN_RESPONSE_INVALID', 'no token endpoint', () => ({ body: { issuer: origin } })],
      [
        'TOKEN_RESPONSE_INVALID',
        'a token endpoint in the clear on another machine',
        () => ({ body: { ...metadata(), token_endpoint: 'http://idp.example/token' } }),
      ],
      ['TOKEN_RESPONSE_INVALID', 'a redirect', () => ({ status: 302, headers: { location: '/elsewhere' } })],
      ['TOKEN_RESPONSE_INVALID', 'more than 1 MiB', () => ({ body: { ...metadata(), padding: 'x'.repeat(MIB) } })],
      ['TOKEN_SOURCE_REJECTED', '404 in both places', () => ({ status: 404 })],
      ['TOKEN_SOURCE_UNAVAILABLE', '503', () => ({ status: 503 })],
    ])('fails with %s on %s, and sends no secret', async (code, _what, odd) => {
      answer(odd());
      expect(await failure(mint({ issuer: origin }))).toMatchObject({ code });
      expect(asked).not.toContainEqual(expect.stringContaining('POST'));
    });

    it('reads the metadata again after a failure', async () => {
      const source = clientCredentials({ issuer: origin, clientId: 'a', clientSecret, allowInsecureRequests: true });
      const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' };
      answer({ status: 503, headers: { 'retry-after': '7' } });
      expect(await failure(source.mint({}, context))).toMatchObject({ retryAfterMs: 7_000 });
      answer({ body: { ...token, ...metadata() } });
      expect(await source.mint({}, context)).toMatchObject({ accessToken: 'abc' });
    });
  });
});
