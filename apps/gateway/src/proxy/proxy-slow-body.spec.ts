import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@mintonce/test-support';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const LIFE_MS = 1_000;

describe('A body that is on its way for longer than a token lives', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  let url: string;
  /** Tokens that were past their life when the upstream was sent them. */
  let expired: string[];

  beforeEach(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({ billing: { upstream: upstream.url } });
    url = `${gateway.url}/proxy/billing/x`;
    const endsAt = new Map<string, number>();
    expired = [];
    gateway.mintWith(async () => {
      const accessToken = `token-${endsAt.size + 1}`;
      endsAt.set(`Bearer ${accessToken}`, performance.now() + LIFE_MS);
      return { accessToken, expiresInMs: LIFE_MS };
    });
    upstream.server.prependListener('request', ({ headers: { authorization = '' } }: IncomingMessage) => {
      if (performance.now() >= (endsAt.get(authorization) ?? 0)) expired.push(authorization);
    });
  });
  afterEach(async () => {
    await gateway?.close();
    await upstream?.close();
  });

  async function tokenOfLifeLater(): Promise<void> {
    const minted = gateway.minted['billing'] ?? 0;
    await waitFor(async () => (await fetch(url)).ok && (gateway.minted['billing'] ?? 0) >= minted + 3);
  }

  it.each([
    ['of known length, which is read before it is sent', 4, { 'content-length': 4 }],
    ['of known length, too long to be kept', 100_000, { 'content-length': 100_000 }],
    ['in chunks, whose first is late', 4, { 'transfer-encoding': 'chunked' }],
  ])('is sent with a token of the time when it is sent: %s', async (_, length, headers) => {
    await fetch(url);
    const request = httpRequest(url, { method: 'POST', agent: false, headers: { ...headers, expect: '100-continue' } });
    request.flushHeaders();
    // The gateway has the request, and would have a token for it.
    await once(request, 'continue');
    await tokenOfLifeLater();
    request.end(Buffer.alloc(length));

    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(expired).toEqual([]);
  });

  it('costs nothing when the caller leaves before it comes', async () => {
    const request = httpRequest(url, { method: 'POST', agent: false, headers: { expect: '100-continue' } });
    request.on('error', () => {}).flushHeaders();
    await once(request, 'continue');
    request.destroy();
    expect((await fetch(url)).status).toBe(200);
    expect(upstream.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('An upstream that takes a long body slowly', () => {
  it('is not judged by headersMs before it has the whole body', async () => {
    const headersMs = 200;
    /** Longer than undici, which looks every 500 ms, would need to end the request. */
    const notReadMs = 1_200;
    const upstream = await recordingUpstream();
    upstream.behave(
      (request, response) => {
        void sleep(notReadMs).then(() => request.resume().once('end', () => response.end('whole')));
      },
      { streaming: true },
    );
    const gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts: { headersMs } } });
    const body = Buffer.alloc(16 * 1024 * 1024);
    const response = await fetch(`${gateway.url}/proxy/billing/x`, { method: 'POST', body });

    expect([response.status, await response.text()]).toEqual([200, 'whole']);
    await gateway.close();
    await upstream.close();
  });
});
