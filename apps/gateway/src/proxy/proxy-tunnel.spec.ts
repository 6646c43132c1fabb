import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { freePort, selfSignedCertificate } from '@mintonce/test-support';
import { connectProxy, type ConnectProxy, type TunnelBehaviour } from '../test/connect-proxy.js';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

const UPSTREAM = 'https://billing.invalid/api';

describe('An upstream behind an outbound proxy', () => {
  let gateway: ProxyApplication | undefined;
  let proxy: ConnectProxy | undefined;
  let upstream: RecordingUpstream | undefined;

  afterEach(async () => {
    await gateway?.close();
    proxy?.close();
    await upstream?.close();
    upstream = proxy = undefined;
  });

  async function start(behaviour: TunnelBehaviour, options: object = {}, except = ''): Promise<void> {
    proxy = await connectProxy(behaviour);
    const url = proxy.url.replace('://', '://user:p%40ss@');
    const billing = { upstream: UPSTREAM, ...options };
    gateway = await proxyApplication({ billing }, undefined, {}, { url, except });
  }

  async function problem() {
    const response = await fetch(`${gateway!.url}/proxy/billing/x`);
    const body = await response.text();
    expect(body).not.toContain('p@ss');
    return [response.status, (JSON.parse(body) as { code: string }).code];
  }

  it('is reached through a tunnel, and is sent nothing unless its certificate is trusted', async () => {
    const certificate = await selfSignedCertificate('billing.invalid');
    upstream = await recordingUpstream((listener) => createHttpsServer(certificate, listener));
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await start({ toPort: (upstream.server.address() as AddressInfo).port });

      expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_UNTRUSTED']);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(proxy!.asked).toEqual([{ target: 'billing.invalid:443', credentials: `Basic ${btoa('user:p@ss')}` }]);
    expect(proxy!.passed()).not.toContain('billing-1');
    expect(upstream.seen).toEqual([]);
  });

  it.each([403, 407, 502, 503])('cannot be reached when the proxy answers %i', async (status) => {
    await start({ status });

    expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_UNREACHABLE']);
  });

  it('is given up in time when the proxy says nothing', async () => {
    await start('silent', { timeouts: { connectMs: 100 } });

    expect(await problem()).toEqual([504, 'GATEWAY_UPSTREAM_TIMEOUT']);
  });

  it('cannot be reached when the proxy cannot', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    gateway = await proxyApplication({ billing: { upstream: UPSTREAM } }, undefined, {}, { url, except: '' });

    expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_UNREACHABLE']);
  });

  it.each(['billing.invalid', '.invalid', 'other.example, billing.invalid:443', '*'])(
    'is connected to directly when NO_PROXY is %s',
    async (except) => {
      await start({ status: 500 }, {}, except);

      expect(await problem()).toEqual([502, 'GATEWAY_UPSTREAM_UNREACHABLE']);
      expect(proxy!.asked).toEqual([]);
    },
  );

  it('is connected to directly when it speaks http, which is on this machine only', async () => {
    upstream = await recordingUpstream();
    await start({ status: 500 }, { upstream: upstream.url });

    expect((await fetch(`${gateway!.url}/proxy/billing/x`)).status).toBe(200);
    expect(proxy!.asked).toEqual([]);
  });
});
