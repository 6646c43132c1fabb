import { getEventListeners } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { waitFor } from '@mintonce/test-support';
import * as undici from 'undici';
import { Agent, type Dispatcher, fetch, FormData, interceptors, Pool } from 'undici';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { type TokenClient } from '../core/token-client.js';
import { age, AgingClock, billingTokens, CredentialServer } from '../testing/credential-server.spec-support.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { tokenInterceptor } from './token-interceptor.js';

type Options = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'>;

describe('tokenInterceptor', () => {
  let server: CredentialServer;
  let source: FakeTokenSource;
  let tokens: TokenClient;
  let clock: AgingClock;
  let agent: Agent;
  let client: Dispatcher;

  beforeEach(async () => {
    server = await CredentialServer.start();
    source = new FakeTokenSource('t');
    clock = new AgingClock();
    tokens = billingTokens(source, clock);
    agent = new Agent();
    client = agent.compose(tokenInterceptor(tokens, 'billing'));
  });

  afterEach(async () => {
    await agent.destroy();
    await tokens.close();
    server.stop();
  });

  const get = (options: Options = {}) => client.request({ origin: server.url, path: '/', method: 'GET', ...options });
  const post = (body: unknown) =>
    client.request({ origin: server.url, path: '/', method: 'POST', body: (body as Options['body']) ?? null });

  describe('the credential', () => {
    const pairs = [
      ['x-trace', '1'],
      ['AUTHORIZATION', 'Basic mine'],
    ] as [string, string][];

    it.each<[string, () => Options['headers']]>([
      ['an object', () => Object.fromEntries(pairs)],
      ['a flat array', () => pairs.flat()],
      ['an array of pairs', () => pairs],
      ['a Map', () => new Map(pairs)],
      ['Headers', () => new Headers(pairs)],
      ['an iterable that can be read once', () => pairs.values()],
    ])('is added to headers given as %s, in place of the caller’s own', async (_, headers) => {
      await age(tokens, clock);
      server.accepted = 't-token-2';
      const response = await get({ headers: headers() });
      expect(await response.body.text()).toBe('done');
      expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-2']);
      expect(server.seen.map(({ headers }) => headers['x-trace'])).toEqual(['1', '1']);
    });

    it('is added to a request without headers', async () => {
      await get();
      expect(server.credentials).toEqual(['Bearer t-token-1']);
    });

    it('leaves a header with several values alone', async () => {
      await get({ headers: { 'x-trace': ['1', '2'] } });
      expect(server.seen[0]?.headers['x-trace']).toBe('1, 2');
    });

    it('is that of the given token request', async () => {
      await get();
      client = agent.compose(tokenInterceptor(tokens, 'billing', { tenant: 'a' }));
      await get();
      expect(source.calls.map(({ request }) => request.tenant)).toEqual([undefined, 'a']);
    });

    it('goes with an upgrade', async () => {
      server.http.on('upgrade', ({ headers }, socket) => {
        socket.end(
          `HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\nx-saw: ${headers.authorization}\r\n\r\n`,
        );
      });
      const { headers, socket } = await agent
        .compose(tokenInterceptor(tokens, 'billing'))
        .upgrade({ origin: server.url, path: '/', protocol: 'x' } as Dispatcher.UpgradeOptions);
      socket.destroy();
      expect(headers['x-saw']).toBe('Bearer t-token-1');
    });

    it.each<[string, (url: string) => Dispatcher.RequestOptions['origin']]>([
      ['a URL', (url) => new URL(url)],
      ['text with a slash', (url) => url],
      ['text in capitals', (url) => url.slice(0, -1).replace('http', 'HTTP')],
    ])('stays on a redirect within the origin when that is given as %s', async (_, origin) => {
      server.answer = ({ url }, response) => {
        if (url === '/') response.writeHead(307, { location: '/there' });
        response.end('done');
      };
      client = agent.compose(interceptors.redirect({ maxRedirections: 1 }), tokenInterceptor(tokens, 'billing'));
      await (await client.request({ origin: origin(server.url), path: '/', method: 'GET' })).body.text();
      expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-1']);
    });

    it('stays with its origin when redirects are followed beneath', async () => {
      const other = await CredentialServer.start();
      server.answer = (_, response) => response.writeHead(302, { location: other.url }).end();
      client = agent.compose(interceptors.redirect({ maxRedirections: 1 }), tokenInterceptor(tokens, 'billing'));
      await get();
      other.stop();
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect(other.credentials).toEqual([undefined]);
    });
  });

  describe('a redirect to another origin that is followed above', () => {
    let other: CredentialServer;
    const redirected = expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field: 'origins' });

    beforeEach(async () => {
      other = await CredentialServer.start();
      server.answer = (_, response) => response.writeHead(307, { location: other.url }).end();
    });

    afterEach(() => other.stop());

    const FETCHES: [string, (url: string) => Promise<unknown>][] = [
      ['fetch of undici', (url) => fetch(url, { dispatcher: client })],
      ['fetch of Node', (url) => globalThis.fetch(url, { dispatcher: forFetchOfNode(client) } as object)],
    ];

    it.each(FETCHES)('by %s fails, and the credential goes nowhere else', async (_, follow) => {
      const { cause } = (await follow(server.url).catch((error: unknown) => error)) as Error;
      expect(String(cause)).toContain('origins must say where the credential may go');
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect(other.seen).toEqual([]);
    });

    it.each(FETCHES)('by %s goes on without the credential where the origins are named', async (_, follow) => {
      client = agent.compose(tokenInterceptor(tokens, 'billing', { origins: [`${server.url}api`] }));
      await expect(follow(server.url)).resolves.toMatchObject({ status: 200 });
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect(other.credentials).toEqual([undefined]);
    });

    it.each(FETCHES)('by %s takes the credential to an origin that is named, too', async (_, follow) => {
      client = agent.compose(tokenInterceptor(tokens, 'billing', { origins: [server.url, other.url] }));
      await follow(server.url);
      expect(other.credentials).toEqual(['Bearer t-token-1']);
    });

    it.each(FETCHES)('is none within the origin, by %s', async (_, follow) => {
      server.answer = ({ url }, response) => {
        if (url === '/') response.writeHead(302, { location: `${server.url}there` });
        response.end('done');
      };
      await expect(follow(server.url)).resolves.toMatchObject({ status: 200 });
      expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-1']);
    });

    it('by the redirect interceptor fails, and the credential goes nowhere else', async () => {
      client = client.compose(interceptors.redirect({ maxRedirections: 2 }));
      await expect(get()).rejects.toEqual(redirected);
      expect(other.seen).toEqual([]);
    });

    it('is an answer like any other for a caller that does not follow it', async () => {
      expect((await get()).statusCode).toBe(307);
    });

    it('is refused as an option that is no URL', () => {
      expect(() => tokenInterceptor(tokens, 'billing', { origins: 'billing.example' })).toThrow(
        'origins must be URLs with an origin',
      );
    });
  });

  it('leaves a request to an origin that is not named as it is', async () => {
    client = agent.compose(tokenInterceptor(tokens, 'billing', { origins: 'https://billing.example' }));
    await get({ headers: { authorization: 'Basic mine' } });
    expect([server.credentials, source.calls]).toEqual([['Basic mine'], []]);
  });

  it.each(['to its own origin', 'to another one'])(
    'counts a refusal after a redirect %s only if the token went along, where the request names no origin',
    async (where) => {
      await age(tokens, clock);
      const location = where === 'to its own origin' ? `${server.url}there` : 'http://localhost:1/there';
      server.answer = ({ url }, response) => {
        if (url === '/') response.writeHead(307, { location });
        else response.statusCode = 401;
        response.end();
      };
      const pool = new Pool(new URL(server.url).origin);
      client = pool.compose(interceptors.redirect({ maxRedirections: 1 }), tokenInterceptor(tokens, 'billing'));
      const { statusCode } = await client.request({ path: '/', method: 'GET' });
      await pool.destroy();
      expect(statusCode).toBe(401);
      // undici 8 knows the origin of its Pool, and takes the token along within it.
      const wentAlong = server.credentials[1] !== undefined;
      expect(source.calls).toHaveLength(wentAlong ? 2 : 1);
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
      expect(await (await get()).body.text()).toBe('no scope');
      expect(server.seen).toHaveLength(1);
      expect((await tokens.getToken('billing')).accessToken).toBe('t-token-1');
    });

    it.each<[string, unknown, string]>([
      ['no body', undefined, ''],
      ['a string', 'payload', 'payload'],
      ['a Buffer', Buffer.from('payload'), 'payload'],
      ['a part of a Uint8Array', new TextEncoder().encode('a payload').subarray(2), 'payload'],
      ['an ArrayBuffer', new TextEncoder().encode('payload').buffer, 'payload'],
      ['serialized URLSearchParams', new URLSearchParams({ a: '1' }).toString(), 'a=1'],
    ])('sends %s once more, with a new token', async (_, body, sent) => {
      const response = await post(body);
      expect([response.statusCode, await response.body.text()]).toEqual([200, 'done']);
      expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-2']);
      expect(server.seen.map((request) => request.body)).toEqual([sent, sent]);
    });

    it.each<[string, () => unknown]>([
      ['a stream', () => Readable.from(['x'])],
      ['an iterable', () => ['x'].values()],
      ['an async iterable', () => Readable.from(['x'])[Symbol.asyncIterator]()],
      ['a form', () => new FormData()],
    ])('never sends %s twice, but does not use that token again', async (_, body) => {
      const response = await post(body());
      expect([response.statusCode, await response.body.text()]).toEqual([401, 'done']);
      expect(server.credentials).toEqual(['Bearer t-token-1']);
      expect((await tokens.getToken('billing')).accessToken).toBe('t-token-2');
    });

    it('gives the second 401 to the caller', async () => {
      server.accepted = 'nothing';
      const response = await post('payload');
      expect([response.statusCode, await response.body.text()]).toEqual([401, 'done']);
      expect(server.seen).toHaveLength(2);
    });

    describe('of which an interceptor beneath makes an error', () => {
      beforeEach(() => {
        client = agent.compose(interceptors.responseError(), tokenInterceptor(tokens, 'billing'));
      });

      it('sends the request once more, with a new token', async () => {
        expect(await (await post('payload')).body.text()).toBe('done');
        expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-2']);
      });

      it('gives that error to the caller when the token stays', async () => {
        server.answer = (_, response) =>
          response.setHeader('www-authenticate', 'Bearer error="insufficient_scope"').end('no scope');
        await expect(get()).rejects.toMatchObject({ code: 'UND_ERR_RESPONSE', statusCode: 401 });
        expect((await tokens.getToken('billing')).accessToken).toBe('t-token-1');
      });

      it('gives the second error to the caller', async () => {
        server.accepted = 'nothing';
        await expect(post('payload')).rejects.toMatchObject({ code: 'UND_ERR_RESPONSE', statusCode: 401 });
        expect(server.seen).toHaveLength(2);
      });

      it('gives an error that was kept back to the caller when there is no new token', async () => {
        source.failure = new TokenSourceRejectedError('invalid_client');
        await expect(post('payload')).rejects.toMatchObject({ code: 'UND_ERR_RESPONSE', statusCode: 401 });
        expect(server.seen).toHaveLength(1);
      });
    });

    it('uses the same connection again', async () => {
      const release = source.hold();
      const response = get();
      await waitFor(() => source.calls.length === 2);
      release();
      expect((await response).statusCode).toBe(200);
      expect(server.connections).toBe(1);
    });

    it('breaks an endless 401 off after 64 KiB and what the connection holds', async () => {
      let sentBytes = 0;
      server.answer = (_, response) => {
        if (response.statusCode === 200) return response.end('done');
        const body = function* (): Generator<Buffer> {
          for (; ; sentBytes += 1024) yield Buffer.alloc(1024);
        };
        return Readable.from(body())
          .on('error', () => undefined)
          .pipe(response);
      };
      expect(await (await get()).body.text()).toBe('done');
      expect(sentBytes).toBeLessThan(16 * 1024 * 1024);
    });

    it('mints once for all that were rejected at the same time', async () => {
      const responses = await Promise.all(Array.from({ length: 20 }, () => get()));
      expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
      expect(source.calls).toHaveLength(2);
    });

    it('serves fetch, which gives its dispatcher streams only', async () => {
      const sent = await fetch(server.url, { dispatcher: client, method: 'POST', body: 'payload' });
      expect([sent.status, server.seen.length]).toEqual([401, 1]);
      const asked = await fetch(server.url, { dispatcher: client });
      expect([asked.status, await asked.text()]).toEqual([200, 'done']);
    });

    it('gives a 401 to the caller, whole, when a new token is not due', async () => {
      server.accepted = 'nothing';
      await get();
      clock.addedMs += 4_000;
      server.answer = (_, response) => response.setHeader('x-reason', 'role').end('no role');
      const { statusCode, headers, body } = await post('payload');
      expect([statusCode, headers['x-reason'], await body.text()]).toEqual([401, 'role', 'no role']);
    });

    it.each(['onResponseStart', 'onResponseData', 'onResponseEnd'])(
      'fails the request of a handler that throws in %s, as undici does',
      async (event) => {
        const failure = new Promise((resolve) => {
          const fail = (): never => {
            throw new Error('of the handler');
          };
          const onResponseError = (_: unknown, error: Error): void => resolve(error);
          const handler = { onRequestStart: () => {}, onResponseError, [event]: fail };
          const body = Readable.from(['x']);
          client.dispatch({ origin: server.url, path: '/', method: 'POST', body }, handler);
        });
        expect(await failure).toEqual(new Error('of the handler'));
      },
    );

    it('passes interim responses on, and judges the final one', async () => {
      let finish = (): void => {};
      server.answer = (_, response) => {
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        finish = () => response.end('done');
      };
      const events = new Recorder((event) => event === '103' && finish());
      dispatch(events);
      await events.ended;
      expect(events.seen).toEqual(['start', '103', 'start', '103', '200', 'done', 'end']);
    });
  });

  describe('the caller gives up', () => {
    it('before the token is obtained: nothing is minted or sent', async () => {
      await expect(get({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
      expect([source.calls.length, server.seen.length]).toEqual([0, 0]);
    });

    it('while the token is obtained: nothing is sent', async () => {
      const release = source.hold();
      const abort = new AbortController();
      const response = get({ signal: abort.signal });
      const outcome = expect(response).rejects.toThrow('gone');
      await waitFor(() => source.calls.length === 1);
      abort.abort(new Error('gone'));
      await outcome;
      release();
      await tokens.getToken('billing');
      expect(server.seen).toHaveLength(0);
    });

    it('while the second token is obtained: nothing is sent again', async () => {
      server.accepted = 't-token-2';
      await age(tokens, clock);
      const release = source.hold();
      const events = new Recorder();
      dispatch(events);
      await waitFor(() => source.calls.length === 2);
      events.controller?.abort(new Error('gone'));
      await events.ended;
      release();
      await tokens.getToken('billing');
      expect(events.seen).toEqual(['start', 'error gone']);
      expect(events.controller).toMatchObject({ aborted: true, reason: new Error('gone') });
      expect(server.seen).toHaveLength(1);
    });

    it('while the second token is obtained by something that does not listen: nothing is sent again', async () => {
      server.accepted = 't-token-2';
      await age(tokens, clock);
      const release = source.hold();
      const deaf: Pick<TokenClient, 'send'> = { send: (integration, transport) => tokens.send(integration, transport) };
      client = agent.compose(tokenInterceptor(deaf, 'billing'));
      const events = new Recorder();
      dispatch(events);
      await waitFor(() => source.calls.length === 2);
      events.controller?.abort(new Error('gone'));
      release();
      await events.ended;
      expect(events.seen).toEqual(['start', 'error gone']);
      expect(server.seen).toHaveLength(1);
    });

    it('after the answer: its signal is not listened to any more', async () => {
      const { signal } = new AbortController();
      await (await get({ signal })).body.text();
      await waitFor(() => getEventListeners(signal, 'abort').length === 0);
    });

    it('while the response arrives', async () => {
      server.answer = (_, response) => response.write('begun');
      const events = new Recorder((event, controller) => event === 'begun' && controller.abort(new Error('gone')));
      dispatch(events);
      await events.ended;
      expect(events.seen).toEqual(['start', '200', 'begun', 'error gone']);
    });
  });

  it('pauses the second response when the caller paused the first', async () => {
    await age(tokens, clock);
    server.accepted = 't-token-2';
    const events = new Recorder((event, controller) => {
      if (event === 'start' && events.seen.length === 1) controller.pause();
    });
    dispatch(events);
    await waitFor(() => events.seen.includes('200'));
    await agent.request({ origin: server.url, path: '/', method: 'GET' });
    expect(events.seen).toEqual(['start', 'start', '200']);
    expect(events.controller?.paused).toBe(true);
    events.controller?.resume();
    await events.ended;
    expect(events.seen).toEqual(['start', 'start', '200', 'done', 'end']);
  });

  it('holds the server back while the caller does not read', async () => {
    let isHeldBack = false;
    server.answer = (_, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(64 * 1024)));
        isHeldBack = true;
        response.once('drain', () => response.end());
      };
      write();
    };
    const { body } = await get();
    await waitFor(() => isHeldBack);
    expect((await body.arrayBuffer()).byteLength).toBeGreaterThan(0);
  });

  describe('the token cannot be obtained', () => {
    beforeEach(() => (source.failure = new TokenSourceRejectedError('invalid_client')));

    it.each<[string, () => Promise<unknown>]>([
      ['request', () => get()],
      ['request with a stream', () => post(Readable.from(['x']))],
      ['stream', () => client.stream({ origin: server.url, path: '/', method: 'GET' }, () => new PassThrough())],
    ])('and %s rejects with the reason', async (_, send) => {
      await expect(send()).rejects.toMatchObject({ code: 'TOKEN_SOURCE_REJECTED' });
      expect(server.seen).toHaveLength(0);
    });

    it('and fetch rejects, with the reason as its cause', async () => {
      await expect(fetch(server.url, { dispatcher: client })).rejects.toMatchObject({
        cause: { code: 'TOKEN_SOURCE_REJECTED' },
      });
    });

    it('for the second try: the caller gets the answer of the upstream', async () => {
      delete source.failure;
      await age(tokens, clock);
      source.failure = new TokenSourceRejectedError('invalid_client');
      server.accepted = 't-token-2';
      const response = await get();
      expect([response.statusCode, await response.body.text()]).toEqual([401, 'done']);
      expect(server.seen).toHaveLength(1);
    });
  });

  it('rejects when the body fails while the token is obtained', async () => {
    const release = source.hold();
    const body = new Readable({ read: () => undefined });
    const failure = new Error('disk');
    const outcome = expect(post(body)).rejects.toBe(failure);
    // Jest hides uncaught exceptions of streams; this is how one begins.
    expect(() => body.emit('error', failure)).not.toThrow();
    body.destroy(failure);
    await waitFor(() => body.closed);
    release();
    await outcome;
  });

  it('rejects when the dispatcher is closed', async () => {
    await agent.close();
    await expect(get()).rejects.toMatchObject({ code: expect.stringMatching(/^UND_ERR_(CLOSED|DESTROYED)$/) });
  });

  function dispatch(handler: Dispatcher.DispatchHandler): void {
    client.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler);
  }
});

/** undici 8 has a wrapper for the `fetch` of a Node with an older undici; its predecessor needs none. */
function forFetchOfNode(dispatcher: Dispatcher): Dispatcher {
  const { Dispatcher1Wrapper: Wrapper } = undici as { Dispatcher1Wrapper?: new (dispatcher: Dispatcher) => Dispatcher };
  return Wrapper ? new Wrapper(dispatcher) : dispatcher;
}

/** Writes down what a handler hears, and may react to it. */
class Recorder implements Dispatcher.DispatchHandler {
  readonly seen: string[] = [];
  controller?: Dispatcher.DispatchController;
  readonly ended: Promise<void>;
  private end!: () => void;

  constructor(private readonly react: (event: string, controller: Dispatcher.DispatchController) => void = () => {}) {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.hear('start', controller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.hear(String(status), controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.hear(String(chunk), controller);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.hear('end', controller);
    this.end();
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.hear(`error ${error.message}`, controller);
    this.end();
  }

  private hear(event: string, controller: Dispatcher.DispatchController): void {
    this.seen.push(event);
    this.react(event, controller);
  }
}
