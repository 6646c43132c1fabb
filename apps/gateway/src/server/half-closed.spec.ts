import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const GET = 'GET /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\n\r\n';
const post = (framing: string, body = ''): string =>
  `POST /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\n${framing}\r\n\r\n${body}`;
const BODY = 'x'.repeat(100_000);
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Without interim answers, of which a slow machine makes more. */
const final = (answers: string): string => answers.replace(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+/, '');

describe('A caller', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  let caller: Socket;
  let answers: ServerResponse[];
  /** Ends a mint that is kept waiting. */
  let giveToken: () => void;

  beforeEach(async () => {
    upstream = await recordingUpstream();
    answers = [];
    giveToken = () => {};
    upstream.behave(
      (request, response) => {
        answers.push(response);
        request.on('error', () => {}).resume();
      },
      { streaming: true },
    );
    // One request in flight: a request that is not let go of would have the next one refused.
    const billing = { upstream: upstream.url, retryBodyLimitBytes: 1_000 };
    gateway = await proxyApplication({ billing }, undefined, { inFlight: 1 });
    caller = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    caller.on('error', () => {});
  });
  afterEach(async () => {
    caller.destroy();
    await gateway.close();
    await upstream.close();
  });

  async function upstreamIsAsked(): Promise<ServerResponse> {
    await waitFor(() => answers.length > 0);
    return answers.at(-1)!;
  }

  async function halfIsClosed(): Promise<void> {
    // The probe, which shows that the gateway knows.
    await once(caller, 'data');
  }

  describe('who closes its half of the connection after its request', () => {
    it.each([
      ['without a body', GET],
      ['with a body that is kept', post('Content-Length: 4', 'body')],
      ['with a body that is streamed', post(`Content-Length: ${BODY.length}`, BODY)],
      ['with a body in chunks', post('Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n')],
      ['of HTTP/1.0', 'GET /proxy/billing/x HTTP/1.0\r\n\r\n'],
    ])('has the answer to a request %s, and the connection ends', async (_what, request) => {
      caller.end(request);
      const answered = text(caller);
      const response = await upstreamIsAsked();
      response.write('first ');
      response.end('last');
      expect(final(await answered)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*first[^]*last/);
    });

    it('has the answer that comes late, after an interim one that any client ignores', async () => {
      caller.end(GET);
      let received = '';
      caller.on('data', (bytes) => (received += String(bytes)));
      const response = await upstreamIsAsked();
      await halfIsClosed();
      response.end('late');
      await once(caller, 'end');
      expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      expect(final(received)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*late/);
    });

    it('has no interim answer over HTTP/1.0, which has none', async () => {
      const both = await proxyApplication({ billing: { upstream: upstream.url } });
      const [older, newer] = [1, 2].map(() => connect({ port: both.port, host: '127.0.0.1', allowHalfOpen: true }));
      try {
        older!.end('GET /proxy/billing/x HTTP/1.0\r\n\r\n');
        await waitFor(() => answers.length === 1);
        newer!.end(GET);
        // By now both would have had one.
        await once(newer!, 'data');
        answers[0]!.end('late');
        expect(await text(older!)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*late/);
      } finally {
        older!.destroy();
        newer!.destroy();
        await both.close();
      }
    });

    it('has the answers to all that it pipelined, in their order', async () => {
      upstream.behave((request, response) => response.end(`path ${request.url}`));
      caller.end(GET.replace('/x', '/1') + GET.replace('/x', '/2') + GET.replace('/x', '/3'));
      expect(await text(caller)).toMatch(/path \/1[^]*path \/2[^]*path \/3/);
    });

    it('has a problem document when there is no answer', async () => {
      upstream.behave((_request, response) => response.destroy());
      caller.end(GET);
      expect(final(await text(caller))).toMatch(/^HTTP\/1\.1 502 /);
    });

    it('has an event stream for as long as events come', async () => {
      caller.end(GET);
      const response = await upstreamIsAsked();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      await waitFor(() => caller.bytesRead > 0);
      response.end('data: 2\n\n');
      expect(await text(caller)).toMatch(/data: 1[^]*data: 2/);
    });

    it('has the rest of an answer that had begun, for as long as it flows', async () => {
      caller.write(GET);
      const response = await upstreamIsAsked();
      response.write('first');
      await once(caller, 'data');
      caller.end();
      const rest = text(caller);
      const flow = setInterval(() => response.write('more'.repeat(100)), 50);
      await waitFor(() => caller.bytesRead > 2_000);
      clearInterval(flow);
      response.end('last');
      expect(await rest).toContain('last');
    });
  });

  const WAYS: [string, (socket: Socket) => void][] = [
    ['by closing the connection', (socket) => socket.destroy()],
    ['by resetting the connection', (socket) => socket.resetAndDestroy()],
  ];
  const STAGES: [string, () => Promise<void>][] = [
    ['before the request', async () => {}],
    ['in the middle of the header', async () => void caller.write(GET.slice(0, 30))],
    [
      'before the body that it announced',
      async () => {
        caller.write(post('Content-Length: 4\r\nExpect: 100-continue'));
        await once(caller, 'data');
      },
    ],
    ['in the middle of a body that is kept', async () => void caller.write(post('Content-Length: 4', 'bo'))],
    [
      'in the middle of a body that is streamed',
      async () => {
        caller.write(post(`Content-Length: ${BODY.length}`, 'part'));
        await upstreamIsAsked();
      },
    ],
    [
      'in the middle of a chunk',
      async () => {
        caller.write(post('Transfer-Encoding: chunked', '4\r\nbody\r\n9\r\npart'));
        await upstreamIsAsked();
      },
    ],
    [
      'while it waits for a token',
      async () => {
        const minting = new Promise<void>((resolve) =>
          gateway.mintWith(() => {
            resolve();
            return new Promise((give) => (giveToken = () => give({ accessToken: 'late', expiresInMs: 600_000 })));
          }),
        );
        caller.write(GET);
        await minting;
      },
    ],
    [
      'while the upstream has not answered',
      async () => {
        caller.write(GET);
        await upstreamIsAsked();
      },
    ],
    [
      'after it had closed its half, and waits',
      async () => {
        caller.end(GET);
        await upstreamIsAsked();
        await halfIsClosed();
      },
    ],
    [
      'in the middle of the answer',
      async () => {
        caller.write(GET);
        (await upstreamIsAsked()).write('part');
        await once(caller, 'data');
      },
    ],
    [
      'in the middle of an event stream',
      async () => {
        caller.write(GET);
        (await upstreamIsAsked()).writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        await once(caller, 'data');
      },
    ],
    [
      'in the middle of an answer that it does not read',
      async () => {
        caller.pause().write(GET);
        const response = await upstreamIsAsked();
        while (response.write(BODY));
      },
    ],
    [
      'after the answer, which came before the rest of its body',
      async () => {
        caller.write(post(`Content-Length: ${BODY.length}`, 'part'));
        (await upstreamIsAsked()).end('early');
        await once(caller, 'data');
      },
    ],
  ];

  it.each(STAGES.flatMap(([stage, reach]) => WAYS.map(([way, leave]) => [stage, way, reach, leave] as const)))(
    'who leaves %s, %s, is let go of, and so is the upstream',
    async (_stage, _way, reach, leave) => {
      await once(caller, 'connect');
      await reach();
      leave(caller);
      await waitFor(() => answers.every(({ destroyed, writableFinished }) => destroyed || writableFinished));
      upstream.behave((_request, response) => response.end('next'));
      giveToken();
      const next = () => fetch(`${gateway.url}/proxy/billing/next`, { signal: AbortSignal.timeout(5_000) });
      await waitFor(async () => (await next()).status === 200);
      expect(upstream.seen.at(-1)?.url).toBe('/next');
    },
  );

  it('who is asked to go on is asked once, and has one answer', async () => {
    caller.write(post('Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close'));
    const received = text(caller);
    await waitFor(() => caller.bytesRead >= CONTINUE.length);
    caller.write('body');
    (await upstreamIsAsked()).end('answer');
    expect((await received).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });
});
