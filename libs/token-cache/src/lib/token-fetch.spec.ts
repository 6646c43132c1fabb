import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { MemoryTokenStore } from './memory-token-store.js';
import { resolveOptions } from './token-cache.options.js';
import { TokenService } from './token.service.js';

describe('TokenService.fetch', () => {
  let server: Server;
  let url: string;
  let seen: { authorization?: string; body: string; trace?: string }[];
  let accepted: string | undefined;
  let tokens: TokenService;

  beforeEach(async () => {
    seen = [];
    accepted = undefined;
    server = createServer(async (request: IncomingMessage, response) => {
      const { authorization, 'x-trace': trace } = request.headers;
      seen.push({
        body: await text(request),
        ...(authorization && { authorization }),
        ...(trace && { trace: String(trace) }),
      });
      response.statusCode = accepted === undefined || authorization === `Bearer ${accepted}` ? 200 : 401;
      response.end('done');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const integrations = { billing: { source: new FakeTokenSource('t') } };
    tokens = new TokenService(resolveOptions({ store: new MemoryTokenStore(), integrations }));
  });

  afterEach(async () => {
    await tokens.onApplicationShutdown();
    server.closeAllConnections();
    server.close();
  });

  it('adds the credential and leaves the other headers alone', async () => {
    const response = await tokens.fetch('billing', url, { headers: { 'x-trace': '1', authorization: 'Basic mine' } });
    expect(await response.text()).toBe('done');
    expect(seen).toEqual([{ authorization: 'Bearer t-token-1', body: '', trace: '1' }]);
  });

  it('tries once more with a new token after a 401', async () => {
    accepted = 't-token-2';
    const response = await tokens.fetch('billing', url, { method: 'POST', body: 'payload' });
    expect(response.status).toBe(200);
    expect(seen.map(({ authorization, body }) => [authorization, body])).toEqual([
      ['Bearer t-token-1', 'payload'],
      ['Bearer t-token-2', 'payload'],
    ]);
  });

  it('gives the second 401 to the caller', async () => {
    accepted = 'nothing';
    expect((await tokens.fetch('billing', url)).status).toBe(401);
    expect(seen).toHaveLength(2);
  });

  it.each([
    ['a stream', () => [url, { method: 'POST', duplex: 'half', body: new Blob(['x']).stream() }] as const],
    ['a Request with a body', () => [new Request(url, { method: 'POST', body: 'x' }), undefined] as const],
  ])('never sends %s twice, but does not use that token again', async (_, request) => {
    accepted = 't-token-2';
    const [input, init] = request();
    expect((await tokens.fetch('billing', input, init as RequestInit)).status).toBe(401);
    expect(seen).toHaveLength(1);
    expect((await tokens.getToken('billing')).accessToken).toBe('t-token-2');
  });

  it('keeps the headers of a Request, and sends one without a body again', async () => {
    accepted = 't-token-2';
    const response = await tokens.fetch('billing', new Request(url, { headers: { 'x-trace': '7' } }));
    expect(response.status).toBe(200);
    expect(seen.map(({ trace }) => trace)).toEqual(['7', '7']);
  });

  it('asks for the token of the request it is given', async () => {
    await tokens.fetch('billing', url, { token: { tenant: 'a' } });
    await tokens.fetch('billing', url, { token: { tenant: 'b' } });
    expect(new Set(seen.map(({ authorization }) => authorization)).size).toBe(2);
  });

  it('stops when its signal does', async () => {
    await expect(tokens.fetch('billing', url, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    expect(seen).toHaveLength(0);
  });
});
