import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

describe('A 401 of the upstream', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  /** Tokens that the upstream refuses; the others it answers with 200 and their name. */
  let revoked: (token: string) => boolean;

  beforeEach(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({
      billing: { upstream: upstream.url, retryBodyLimitBytes: 1_000 },
    });
    revoked = (token) => token === 'billing-1';
    upstream.behave((request, response) => {
      const token = `${request.headers.authorization}`.replace('Bearer ', '');
      if (revoked(token))
        response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('revoked');
      else response.end(token);
    });
  });
  afterEach(async () => {
    await gateway?.close();
    await upstream?.close();
  });

  const tokens = () => upstream.seen.map(({ headers }) => headers.authorization);

  async function post(body: string | Buffer, headers: Record<string, string | number>) {
    const request = httpRequest(`${gateway.url}/proxy/billing/x`, { method: 'POST', headers, agent: false });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it('is answered with a new token, unseen by the caller', async () => {
    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('billing-2');
    expect(tokens()).toEqual(['Bearer billing-1', 'Bearer billing-2']);
  });

  it('costs one mint for any number of callers', async () => {
    const responses = await Promise.all(Array.from({ length: 200 }, () => fetch(`${gateway.url}/proxy/billing/x`)));
    const bodies = await Promise.all(responses.map((response) => response.text()));

    expect(new Set(bodies)).toEqual(new Set(['billing-2']));
    expect(gateway.minted).toEqual({ billing: 2 });
  });

  it.each([
    ['of known length', { 'content-length': 4 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('is answered with the same body again, if it was short: %s', async (_, headers) => {
    expect(await post('body', headers)).toEqual({ status: 200, body: 'billing-2' });
    expect(upstream.seen.map(({ body }) => body.toString())).toEqual(['body', 'body']);
  });

  it.each([
    ['of known length', { 'content-length': 1_001 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('reaches the caller when the body was too long to keep, and the token is dropped: %s', async (_, headers) => {
    expect(await post(Buffer.alloc(1_001), headers)).toEqual({ status: 401, body: 'revoked' });
    expect(upstream.seen).toHaveLength(1);
    await waitFor(async () => (await fetch(`${gateway.url}/proxy/billing/x`)).status === 200);
    expect(gateway.minted).toEqual({ billing: 2 });
  });

  it('reaches the caller when it comes before the whole body did', async () => {
    upstream.behave((_request, response) => response.writeHead(401).end('revoked'), { streaming: true });
    const request = httpRequest(`${gateway.url}/proxy/billing/x`, {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
      agent: false,
    }).on('error', () => {});
    request.write('part');

    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(upstream.seen).toHaveLength(1);
    request.destroy();
  });

  it('reaches the caller when the new token is refused as well, after one retry', async () => {
    revoked = () => true;
    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.text()).toBe('revoked');
    expect(tokens()).toEqual(['Bearer billing-1', 'Bearer billing-2']);
  });

  it('does not cost a mint per request when the upstream refuses every token', async () => {
    revoked = () => true;
    await fetch(`${gateway.url}/proxy/billing/x`);
    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway.url}/proxy/billing/x`)));

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]));
    expect(gateway.minted).toEqual({ billing: 2 });
  });

  it('becomes the problem of the token when no new one is to be had', async () => {
    await fetch(`${gateway.url}/health/none`);
    const first = fetch(`${gateway.url}/proxy/billing/x`);
    gateway.mintWith(undefined);
    expect((await first).status).toBe(200);
    revoked = () => true;
    gateway.mintWith(() => Promise.reject(new Error('down')));

    const response = await fetch(`${gateway.url}/proxy/billing/x`);

    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
  });

  it.each([400, 403, 429, 500, 502, 503])('is unlike a %d, which reaches the caller at once', async (status) => {
    upstream.behave((_request, response) => response.writeHead(status, { 'retry-after': '1' }).end());

    expect((await fetch(`${gateway.url}/proxy/billing/x`)).status).toBe(status);
    expect(upstream.seen).toHaveLength(1);
    expect(gateway.minted).toEqual({ billing: 1 });
  });

  it('may have a long body, which nobody reads', async () => {
    upstream.behave((request, response) => {
      if (request.headers.authorization === 'Bearer billing-1') response.writeHead(401).end(Buffer.alloc(10_000_000));
      else response.end('ok');
    });

    expect((await fetch(`${gateway.url}/proxy/billing/x`)).status).toBe(200);
  });
});
