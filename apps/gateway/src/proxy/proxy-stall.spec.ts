import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { waitFor } from '@mintonce/test-support';
import { FarPeer, type Speech } from '../test/far-peer.js';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const LIMIT_MS = 300;
const PIECES = 30;

/** Says a text in pieces, over twice the limit. */
function slowly(words: string, forMs = 2 * LIMIT_MS): Speech {
  const length = Math.ceil(words.length / PIECES);
  const pieces = Array.from({ length: PIECES }, (_, index) => words.slice(index * length, (index + 1) * length));
  return { pieces, everyMs: forMs / PIECES };
}

const answer = (body: string, length = body.length): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`;

describe('While the event loop of the gateway stands still for longer than a limit', () => {
  let gateway: ProxyApplication | undefined;
  const cleanUp: (() => Promise<void>)[] = [];

  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    for (const clean of cleanUp.splice(0)) await clean();
  });

  async function farUpstream(options: object): Promise<FarPeer> {
    const upstream = await FarPeer.upstream();
    cleanUp.push(() => upstream.close());
    gateway = await proxyApplication({ billing: { upstream: `http://127.0.0.1:${upstream.port}`, ...options } });
    return upstream;
  }

  const call = (): Promise<Response> => fetch(`${gateway!.url}/proxy/billing/x`);

  describe('the bytes of a caller count', () => {
    let upstream: RecordingUpstream;
    let caller: FarPeer;

    beforeEach(async () => {
      upstream = await recordingUpstream();
      gateway = await proxyApplication({ billing: { upstream: upstream.url, timeouts: { bodyMs: LIMIT_MS } } });
      caller = await FarPeer.caller(gateway.port);
      cleanUp.push(
        () => caller.close(),
        () => upstream.close(),
      );
    });

    it.each([
      ['that is kept', 'Content-Length: 60', 'x'.repeat(60)],
      ['that is streamed', 'Transfer-Encoding: chunked', `${'1\r\nx\r\n'.repeat(60)}0\r\n\r\n`],
    ])('that sends a body %s', async (_, framing, body) => {
      caller.say(`POST /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\n${framing}\r\n\r\n`);
      await waitFor(() => caller.received().includes('100 Continue'));
      await caller.speakDuringStall(slowly(body));

      await waitFor(() => /HTTP\/1\.1 [2-5]/.test(caller.received()));
      expect(caller.received()).toMatch(/HTTP\/1\.1 200 OK\r\n/);
      expect(String(upstream.seen[0]!.body)).toBe('x'.repeat(60));
    });
  });

  describe('the bytes of an upstream count', () => {
    it('that begins its answer', async () => {
      const upstream = await farUpstream({ timeouts: { headersMs: LIMIT_MS } });
      const answered = call();
      await waitFor(() => upstream.received().includes('GET /x'));
      await upstream.speakDuringStall(slowly(answer('whole')));

      const response = await answered;
      expect([response.status, await response.text()]).toEqual([200, 'whole']);
    });

    it('that goes on with its answer', async () => {
      const upstream = await farUpstream({ timeouts: { bodyMs: LIMIT_MS } });
      const answered = call();
      await waitFor(() => upstream.received().includes('GET /x'));
      upstream.say(answer('begun', 65));
      const response = await answered;
      await upstream.speakDuringStall(slowly('x'.repeat(60)));

      expect(await response.text()).toBe(`begun${'x'.repeat(60)}`);
    });

    it('that goes on with its answer to a caller that has closed its half of the connection', async () => {
      const upstream = await farUpstream({});
      const caller = connect({ port: gateway!.port, host: '127.0.0.1', allowHalfOpen: true });
      caller.write('GET /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\n\r\n');
      await waitFor(() => upstream.received().includes('GET /x'));
      upstream.say(answer('begun', 65));
      await once(caller, 'data');
      caller.end();
      const rest = text(caller);
      await once(caller, 'finish');
      // The gateway reads the end of the caller's half.
      await turns();
      await upstream.speakDuringStall(slowly('x'.repeat(60), 1_200));

      expect(await rest).toBe('x'.repeat(60));
    });

    it('whose only connection another request waits for', async () => {
      const upstream = await farUpstream({ maxConnections: 1, timeouts: { connectMs: LIMIT_MS / 2 } });
      const first = call();
      await waitFor(() => upstream.received().includes('GET /x'));
      const isWaiting = nextRequest();
      const second = call();
      await isWaiting;
      await upstream.speakDuringStall(slowly(answer('first')));

      expect(await (await first).text()).toBe('first');
      await waitFor(() => upstream.received().match(/GET \/x/g)!.length === 2);
      upstream.say(answer('second'));
      expect(await (await second).text()).toBe('second');
    });
  });

  it('the answer of an outbound proxy counts', async () => {
    const proxy = await FarPeer.upstream();
    cleanUp.push(() => proxy.close());
    const billing = { upstream: 'https://billing.invalid', timeouts: { connectMs: LIMIT_MS } };
    const outbound = { url: `http://127.0.0.1:${proxy.port}`, except: '' };
    gateway = await proxyApplication({ billing }, undefined, {}, outbound);
    const answered = call();
    await waitFor(() => proxy.received().includes('CONNECT'));
    await proxy.speakDuringStall(slowly('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'));

    expect(await (await answered).json()).toMatchObject({ code: 'GATEWAY_UPSTREAM_UNREACHABLE' });
  });
});

/** Resolves when the server of the gateway has its next request, and the gateway has done what it can do at once. */
async function nextRequest(): Promise<void> {
  await new Promise<void>((resolve) => {
    const hear = (): void => {
      unsubscribe('http.server.request.start', hear);
      resolve();
    };
    subscribe('http.server.request.start', hear);
  });
  await turns();
}

/** Lets the event loop do all that has come to it. */
async function turns(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn();
}
