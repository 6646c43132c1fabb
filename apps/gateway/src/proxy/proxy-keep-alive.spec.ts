import { type Socket } from 'node:net';
import { waitFor } from '@mintonce/test-support';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

describe('An idle connection to an upstream', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  let sockets: Socket[];

  beforeEach(async () => {
    upstream = await recordingUpstream();
    sockets = [];
    upstream.server.on('connection', (socket: Socket) => sockets.push(socket));
    // It closes none by itself, and says nothing of that.
    upstream.server.keepAliveTimeout = 0;
  });
  afterEach(async () => {
    await gateway.close();
    await upstream.close();
  });

  async function callTwice(options: object): Promise<void> {
    gateway = await proxyApplication({ billing: { upstream: upstream.url, ...options } });
    for (let i = 0; i < 2; i++) await (await fetch(`${gateway.url}/proxy/billing/x`)).text();
  }

  it('serves the next request', async () => {
    await callTwice({});

    expect(sockets).toHaveLength(1);
  });

  it('is closed after keepAliveMs if the upstream says nothing', async () => {
    await callTwice({ keepAliveMs: 300 });

    await waitFor(() => sockets.every(({ destroyed }) => destroyed));
  });

  it('is closed after keepAliveMaxMs even if the upstream keeps it for longer', async () => {
    upstream.behave((_request, response) => response.setHeader('keep-alive', 'timeout=3600').end());
    await callTwice({ keepAliveMs: 3_600_000, keepAliveMaxMs: 300 });

    await waitFor(() => sockets.every(({ destroyed }) => destroyed));
  });

  it('is none with keepAliveMs 0: each request has a connection of its own, which it asks the upstream to close', async () => {
    await callTwice({ keepAliveMs: 0 });

    expect(sockets).toHaveLength(2);
    expect(upstream.seen.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
  });
});
