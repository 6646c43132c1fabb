import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { age, AgingClock, billingTokens, CredentialServer } from '../../testing/credential-server.spec-support.js';
import { TokenClient } from '../../core/token-client.js';

describe('TokenClient.fetch', () => {
  let server: CredentialServer;
  let url: string;
  let tokens: TokenClient;
  let clock: AgingClock;

  beforeEach(async () => {
    server = await CredentialServer.start();
    ({ url } = server);
    clock = new AgingClock();
    tokens = billingTokens(undefined, clock);
    await age(tokens, clock);
  });

  afterEach(async () => {
    await tokens.close();
    server.stop();
  });

  it('adds the credential and leaves the other headers alone', async () => {
    const response = await tokens.fetch('billing', url, { headers: { 'x-trace': '1', authorization: 'Basic mine' } });
    expect(await response.text()).toBe('done');
    expect(server.seen).toMatchObject([{ authorization: 'Bearer t-token-1', body: '', headers: { 'x-trace': '1' } }]);
  });

  it('sends a token that lives for as long as the request needs it', async () => {
    clock.addedMs += 3_000_000;
    server.accepted = 't-token-2';
    const response = await tokens.fetch('billing', url, { method: 'POST', body: 'a film', minLifeMs: 600_000 });
    expect(response.status).toBe(200);
    expect(server.credentials).toEqual(['Bearer t-token-2']);
  });

  it('tries once more with a new token after a 401', async () => {
    server.accepted = 't-token-2';
    const response = await tokens.fetch('billing', url, { method: 'POST', body: 'payload' });
    expect(response.status).toBe(200);
    expect(server.seen.map(({ authorization, body }) => [authorization, body])).toEqual([
      ['Bearer t-token-1', 'payload'],
      ['Bearer t-token-2', 'payload'],
    ]);
  });

  it('gives a 401 to the caller, whole, when a new token does not help or is not due', async () => {
    server.accepted = 'nothing';
    server.answer = (_, response) => response.end('no role');
    const answers: Response[] = [];
    for (const init of [{}, {}, { method: 'POST', body: 'x' }]) {
      answers.push(await tokens.fetch('billing', url, init));
      clock.addedMs += 6_000;
    }
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))).toEqual([
      [401, 'no role'],
      [401, 'no role'],
      [401, 'no role'],
    ]);
    expect(server.credentials).toEqual([1, 2, 2, 3, 3].map((number) => `Bearer t-token-${number}`));
  });

  it('sends nothing again, and keeps the token, after a 401 that speaks of an insufficient scope', async () => {
    server.accepted = 't-token-2';
    server.answer = (_, response) =>
      response
        .setHeader('www-authenticate', ['Basic realm="a, b"', 'Bearer error="insufficient_scope"'])
        .end('no scope');
    expect(await (await tokens.fetch('billing', url)).text()).toBe('no scope');
    expect(server.seen).toHaveLength(1);
    expect((await tokens.getToken('billing')).accessToken).toBe('t-token-1');
  });

  it.each([
    ['a stream', () => [url, { method: 'POST', duplex: 'half', body: new Blob(['x']).stream() }] as const],
    [
      'what a generator makes',
      () =>
        [
          url,
          {
            method: 'POST',
            duplex: 'half',
            body: (async function* () {
              yield Buffer.from('x');
            })(),
          },
        ] as const,
    ],
    ['a Request with a body', () => [new Request(url, { method: 'POST', body: 'x' }), undefined] as const],
    ['a Request whose body stands', () => [new Request(url, { method: 'POST', body: 'x' }), { body: null }] as const],
  ])('never sends %s twice, but does not use that token again', async (_, request) => {
    server.accepted = 't-token-2';
    const [input, init] = request();
    expect((await tokens.fetch('billing', input, init as unknown as RequestInit)).status).toBe(401);
    expect(server.seen).toHaveLength(1);
    expect((await tokens.getToken('billing')).accessToken).toBe('t-token-2');
  });

  it('frees the connection of a 401 that it does not pass on', async () => {
    server.accepted = 't-token-2';
    const closed = new Promise<void>((resolve) => {
      server.answer = (_, response) => {
        if (response.statusCode === 200) response.end('done');
        else response.once('close', resolve).write('begun');
      };
    });
    expect(await (await tokens.fetch('billing', url)).text()).toBe('done');
    await closed;
  });

  it('keeps the headers of a Request, and sends one without a body again', async () => {
    server.accepted = 't-token-2';
    const response = await tokens.fetch('billing', new Request(url, { headers: { 'x-trace': '7' } }));
    expect(response.status).toBe(200);
    expect(server.seen.map(({ headers }) => headers['x-trace'])).toEqual(['7', '7']);
  });

  it('tries a request once more whose answer has no body', async () => {
    server.accepted = 't-token-2';
    expect((await tokens.fetch('billing', url, { method: 'HEAD' })).status).toBe(200);
  });

  it.each([
    ['its signal', (signal: AbortSignal) => ({ input: url, init: { signal } })],
    ['that of its Request', (signal: AbortSignal) => ({ input: new Request(url, { signal }), init: {} })],
  ])('stops waiting for a token when %s does', async (_, request) => {
    const source = new FakeTokenSource();
    const release = source.hold();
    const waiting = billingTokens(source);
    const caller = new AbortController();
    const { input, init } = request(caller.signal);
    const response = waiting.fetch('billing', input, init);
    caller.abort(new Error('gone'));
    await expect(response).rejects.toThrow('gone');
    release();
    await waiting.close();
  });

  it('has no signal when its init says null, whatever that of its Request', async () => {
    const input = new Request(url, { signal: AbortSignal.abort() });
    expect((await tokens.fetch('billing', input, { signal: null })).status).toBe(200);
  });

  it('asks for the token of the request it is given', async () => {
    await tokens.fetch('billing', url, { token: { tenant: 'a' } });
    await tokens.fetch('billing', url, { token: { tenant: 'b' } });
    expect(server.credentials).toEqual(['Bearer t-token-2', 'Bearer t-token-3']);
  });

  it('follows no redirect with a header that `fetch` would take along to any origin', async () => {
    const source = new FakeTokenSource('t');
    const named = new TokenClient({
      store: new MemoryTokenStore(),
      integrations: { billing: { source, credential: 'X-Api-Token: {token}' } },
    });
    server.answer = (_, response) => response.writeHead(302, { location: '/elsewhere' }).end();
    expect((await named.fetch('billing', url)).status).toBe(302);
    expect(server.seen).toHaveLength(1);
    await named.close();
  });

  it.each([
    ['its init', (at: string) => [at, { redirect: 'error' }] as const],
    ['its Request', (at: string) => [new Request(at, { redirect: 'error' }), {}] as const],
  ])('fails at a redirect when %s wants that, with such a header too', async (_, request) => {
    const named = new TokenClient({
      store: new MemoryTokenStore(),
      integrations: { billing: { source: new FakeTokenSource('t'), credential: 'X-Api-Token: {token}' } },
    });
    server.answer = (_, response) => response.writeHead(302, { location: '/elsewhere' }).end();
    const [input, init] = request(url);
    await expect(named.fetch('billing', input, init)).rejects.toThrow('fetch failed');
    expect(server.seen).toHaveLength(1);
    await named.close();
  });

  it('follows a redirect with `Authorization`, which `fetch` keeps from other origins', async () => {
    server.answer = ({ url: path }, response) =>
      path === '/' ? response.writeHead(302, { location: '/elsewhere' }).end() : response.end('done');
    expect(await (await tokens.fetch('billing', url)).text()).toBe('done');
    expect(server.credentials).toEqual(['Bearer t-token-1', 'Bearer t-token-1']);
  });

  it('stops when its signal does', async () => {
    await expect(tokens.fetch('billing', url, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    expect(server.seen).toHaveLength(0);
  });
});
