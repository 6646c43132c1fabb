import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { waitFor } from '@mintonce/test-support';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { age, AgingClock, billingTokens, CredentialServer } from '../testing/credential-server.spec-support.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { useToken } from './use-token.js';

describe('useToken', () => {
  let server: CredentialServer;
  let source: FakeTokenSource;
  let tokens: TokenClient;
  let clock: AgingClock;
  let client: AxiosInstance;
  let stopUsing: () => void;

  beforeEach(async () => {
    server = await CredentialServer.start();
    source = new FakeTokenSource('t');
    clock = new AgingClock();
    tokens = billingTokens(source, clock);
    client = axios.create({ baseURL: server.url, proxy: false });
    stopUsing = useToken(client, tokens, 'billing');
  });

  afterEach(async () => {
    await tokens.close();
    server.stop();
  });

  describe('the credential', () => {
    it.each<[string, AxiosRequestConfig]>([
      ['nothing', {}],
      ['an Authorization header', { headers: { authorization: 'Basic mine' } }],
      ['an AUTHORIZATION header', { headers: { AUTHORIZATION: 'Basic mine' } }],
      ['auth', { auth: { username: 'me', password: 'mine' } }],
      ['a user in baseURL', { baseURL: 'http://me:mine@' }],
      ['a user in url', { url: 'http://me:mine@' }],
    ])('takes the place of %s, and leaves the other headers alone', async (_, config) => {
      const { host } = new URL(server.url);
      const response = await client.request({
        ...config,
        ...(config.url && { url: config.url + host }),
        ...(config.baseURL && { baseURL: config.baseURL + host }),
        headers: { ...config.headers, 'x-trace': '1' },
      });
      expect(response.data).toBe('done');
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect(server.seen[0]?.headers['x-trace']).toBe('1');
    });

    it('is that of the given token request', async () => {
      await client.get('');
      stopUsing();
      useToken(client, tokens, 'billing', { tenant: 'a' });
      await client.get('');
      expect(source.calls.map(({ request }) => request.tenant)).toEqual([undefined, 'a']);
    });
  });

  describe('a redirect that keeps the header', () => {
    type Next = { href: string; headers: Record<string, unknown> };
    /** Tells the hook of each place, as follow-redirects does, and answers 401 from the last one. */
    const redirecting =
      (places: string[], next: Next): AxiosRequestConfig['adapter'] =>
      (config) => {
        next.headers = config.headers.toJSON();
        for (const href of places)
          config.beforeRedirect?.(Object.assign(next, { href }), { headers: {}, statusCode: 307 }, {} as never);
        return Promise.resolve({ status: 401, statusText: '', headers: {}, data: '', config });
      };

    beforeEach(async () => {
      await age(tokens, clock);
    });

    it.each([
      ['a subdomain', ['https://api.billing.example/']],
      ['another scheme', ['http://billing.example/']],
      ['another port', ['https://billing.example:8443/']],
      ['another origin and back', ['https://other.example/', 'https://billing.example/']],
    ])('to %s leaves the token behind, whose refusal says nothing of it', async (_, places) => {
      const next: Next = { href: '', headers: {} };
      await client.get('https://billing.example/api', { adapter: redirecting(places, next) });
      expect(next.headers).not.toHaveProperty('authorization');
      expect(source.calls).toHaveLength(1);
    });

    it.each([
      ['url', { url: 'https://billing.example/api' }],
      ['baseURL', { baseURL: 'https://BILLING.example:443/v1', url: 'api' }],
    ])('within the origin of %s takes it along, and a refusal counts', async (_, config) => {
      const next: Next = { href: '', headers: {} };
      await client.request({ ...config, adapter: redirecting(['https://billing.example/there'], next) });
      expect(next.headers).toMatchObject({ authorization: 'Bearer t-token-2' });
      expect(source.calls).toHaveLength(2);
    });

    it('leaves the header alone that the caller’s own hook sets for another origin', async () => {
      const next: Next = { href: '', headers: {} };
      const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = ({ headers }) => {
        headers['authorization'] = 'Basic mine';
      };
      await client.get('https://billing.example/', {
        beforeRedirect,
        adapter: redirecting(['https://other.example/'], next),
      });
      expect(next.headers).toMatchObject({ authorization: 'Basic mine' });
      expect(source.calls).toHaveLength(1);
    });
  });

  it.each(['Authorization: {type} {token}', 'X-Api-Token: {token}'])(
    'keeps the credential at its origin where a caller’s transport follows redirects: %s',
    async (credential) => {
      const named = new TokenClient({
        store: new MemoryTokenStore(),
        integrations: { billing: { source, credential } },
      });
      const other = await CredentialServer.start();
      server.answer = (_, response) => response.writeHead(307, { location: other.url }).end();
      stopUsing();
      useToken(client, named, 'billing');
      const { http } = createRequire(require.resolve('axios'))('follow-redirects') as { http: unknown };
      await client.get('', { transport: http, validateStatus: () => true });
      await named.close();
      other.stop();
      expect(JSON.stringify(server.seen)).toContain('t-token-1');
      expect(JSON.stringify(other.seen)).not.toContain('t-token-1');
    },
  );

  describe('after a 401', () => {
    beforeEach(async () => {
      await age(tokens, clock);
      server.accepted = 't-token-2';
    });

    it('sends nothing again, and keeps the token, when its challenge speaks of an insufficient scope', async () => {
      server.answer = (_, response) =>
        response
          .setHeader('www-authenticate', ['Basic realm="a, b"', 'Bearer error="insufficient_scope"'])
          .end('no scope');
      const { data } = await client.get<string>('', { validateStatus: () => true });
      expect(data).toBe('no scope');
      expect(server.seen).toHaveLength(1);
      expect((await tokens.getToken('billing')).accessToken).toBe('t-token-1');
    });

    const JSON_TYPE = 'application/json';
    it.each<[string, unknown, string, AxiosRequestConfig['headers']?]>([
      ['no body', undefined, ''],
      ['an object', { a: '"1"' }, '{"a":"\\"1\\""}'],
      ['a string', 'payload', 'payload'],
      ['a string as JSON', 'payload', '"payload"', { 'content-type': JSON_TYPE }],
      ['serialized JSON', '{"a":1}', '{"a":1}', { 'content-type': JSON_TYPE }],
      ['URLSearchParams', new URLSearchParams({ a: '1 2' }), 'a=1+2'],
      ['an object as a form', { a: '1 2' }, 'a=1+2', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['a Buffer', Buffer.from('payload'), 'payload'],
      ['an ArrayBuffer', new TextEncoder().encode('payload').buffer, 'payload'],
    ])('sends %s once more, with a new token', async (_, data, sent, headers = {}) => {
      const response = await client.post('', data, { headers: { ...headers, 'x-trace': '1' } });
      expect([response.status, response.data]).toEqual([200, 'done']);
      expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-2']);
      const [first, second] = server.seen.map(({ body, headers }) => ({
        body,
        type: headers['content-type'],
        trace: headers['x-trace'],
      }));
      expect(first).toMatchObject({ body: sent, trace: '1' });
      expect(second).toEqual(first);
    });

    it.each<[string, () => unknown]>([
      ['a stream', () => Readable.from(['x'])],
      ['an object as a multipart form', () => axios.toFormData({ a: '1' })],
    ])('never sends %s twice, but does not use that token again', async (_, data) => {
      await expect(client.post('', data())).rejects.toMatchObject({ response: { status: 401, data: 'done' } });
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect((await tokens.getToken('billing')).accessToken).toBe('t-token-2');
    });

    it('sends a form once more', async () => {
      const form = new FormData();
      form.set('a', '1');
      expect((await client.post('', form)).status).toBe(200);
      for (const { body } of server.seen) expect(body).toContain('name="a"');
      expect(server.seen).toHaveLength(2);
    });

    it.each([true, false])(
      'keeps the token out of what interceptors and callers see, with a success: %p',
      async (isOk) => {
        if (!isOk) server.accepted = 'nothing';
        const outcome: unknown = await client.get('').catch((error: unknown) => error);
        const { config } = outcome as AxiosResponse;
        expect(JSON.stringify(config)).not.toContain('t-token');
        expect(inspect(outcome, { depth: 12 })).not.toContain('t-token');
      },
    );

    it('keeps the token out of a response that is a stream', async () => {
      const response = await client.get<Readable>('', { responseType: 'stream' });
      expect(inspect(response, { depth: 12 })).not.toContain('t-token');
      expect(await text(response.data)).toBe('done');
    });

    it('keeps the token out of the error of a connection that breaks', async () => {
      server.answer = (_, response) => response.destroy();
      const error: unknown = await client.get('').catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect(JSON.stringify(error) + inspect(error, { depth: 12 })).not.toContain('t-token');
    });

    it('gives the second 401 to the caller', async () => {
      server.accepted = 'nothing';
      await expect(client.get('')).rejects.toMatchObject({ response: { status: 401 } });
      expect(server.seen).toHaveLength(2);
    });

    it('tries again where a 401 is no error, and gives the second one to the caller', async () => {
      const validateStatus = () => true;
      expect((await client.get('', { validateStatus })).status).toBe(200);
      server.accepted = 'nothing';
      clock.addedMs += 10_000;
      expect((await client.get('', { validateStatus })).status).toBe(401);
      expect(server.seen).toHaveLength(4);
    });

    it('lets the other interceptors and transformations see one request and one response', async () => {
      const onRequest = jest.fn((config) => config);
      const onResponse = jest.fn((response) => response.data);
      client.interceptors.request.use(onRequest);
      client.interceptors.response.use(onResponse);
      const transformRequest = (data: string) => `<${data}>`;
      expect(await client.post('', 'payload', { transformRequest })).toBe('done');
      expect(server.seen.map(({ body }) => body)).toEqual(['<payload>', '<payload>']);
      expect([onRequest.mock.calls.length, onResponse.mock.calls.length]).toEqual([1, 1]);
    });

    it('leaves off a default header that an interceptor left off', async () => {
      client.interceptors.request.use((config) => {
        config.headers.delete('accept');
        return config;
      });
      await client.get('', { headers: { 'x-trace': '1' } });
      expect(server.seen.map(({ headers }) => headers['accept'])).toEqual([undefined, undefined]);
    });

    it.each(['http', 'fetch'])(
      'frees the connection of a 401 that %s streams, and streams the second',
      async (adapter) => {
        let isFreed = false;
        server.answer = (_, response) => {
          if (response.statusCode === 200) return response.end('done');
          return response.once('close', () => (isFreed = true)).write('begun');
        };
        const { data } = await client.get('', { responseType: 'stream', adapter });
        expect(await text(data)).toBe('done');
        await waitFor(() => isFreed);
      },
    );

    it('serves the fetch adapter', async () => {
      const response = await client.post('', { a: 1 }, { adapter: 'fetch' });
      expect([response.data, server.seen.map(({ body }) => body)]).toEqual(['done', ['{"a":1}', '{"a":1}']]);
    });

    it('mints once for all that were rejected at the same time', async () => {
      const responses = await Promise.all(Array.from({ length: 20 }, () => client.get('')));
      expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
      expect(source.calls).toHaveLength(2);
    });
  });

  it.each<[string, number]>([
    ['a response', 200],
    ['an error', 503],
  ])('takes one token for a request that is made from the configuration of %s', async (_what, status) => {
    server.answer = (_, response) => response.writeHead(status).end();
    const first = (await client.get('').catch((error: unknown) => error)) as AxiosResponse;
    const send = jest.spyOn(tokens, 'send');
    await client.request(first.config).catch(() => undefined);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('leaves what earlier interceptors made of a response alone', async () => {
    const other = axios.create({ baseURL: server.url, proxy: false });
    other.interceptors.response.use(() => undefined as never);
    useToken(other, tokens, 'billing');
    expect(await other.get('')).toBeUndefined();
  });

  describe('the caller gives up', () => {
    const canceled = expect.objectContaining({ code: 'ERR_CANCELED' });

    it('before the token is obtained: nothing is minted or sent', async () => {
      await expect(client.get('', { signal: AbortSignal.abort() })).rejects.toEqual(canceled);
      expect([source.calls.length, server.seen.length]).toEqual([0, 0]);
    });

    it.each([
      ['first', 1, 0],
      ['second', 2, 1],
    ])('while the %s token is obtained: nothing more is sent', async (_, mints, sent) => {
      server.accepted = 't-token-2';
      if (mints === 2) await age(tokens, clock);
      const release = source.hold();
      const abort = new AbortController();
      const outcome = expect(client.get('', { signal: abort.signal })).rejects.toEqual(canceled);
      await waitFor(() => source.calls.length === mints);
      abort.abort();
      await outcome;
      release();
      await tokens.getToken('billing');
      expect(server.seen).toHaveLength(sent);
    });
  });

  describe('the token cannot be obtained', () => {
    const refusal = new TokenSourceRejectedError('invalid_client');

    it('and the request rejects with the reason', async () => {
      source.failure = refusal;
      await expect(client.get('')).rejects.toMatchObject({ code: 'TOKEN_SOURCE_REJECTED' });
      expect(server.seen).toHaveLength(0);
    });

    it('for the second try: the caller gets the answer of the upstream', async () => {
      await age(tokens, clock);
      source.failure = refusal;
      server.accepted = 't-token-2';
      await expect(client.get('')).rejects.toMatchObject({ response: { status: 401 } });
      expect(server.seen).toHaveLength(1);
    });
  });

  it('ends when it is told so, and leaves other interceptors alone', async () => {
    client.interceptors.request.use((config) => {
      config.headers.set('x-trace', '1');
      return config;
    });
    stopUsing();
    server.accepted = 'nothing';
    await expect(client.get('')).rejects.toMatchObject({ response: { status: 401 } });
    expect(server.credentials).toEqual([undefined]);
    expect(server.seen[0]?.headers['x-trace']).toBe('1');
  });
});
