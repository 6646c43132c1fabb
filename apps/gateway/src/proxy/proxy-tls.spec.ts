import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@mintonce/test-support';
import { connectProxy } from '../test/connect-proxy.js';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawUpstream } from '../test/raw-upstream.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

type Certificate = Awaited<ReturnType<typeof selfSignedCertificate>>;

describe('The tls section of an integration', () => {
  const directory = mkdtempSync(join(tmpdir(), 'proxy-tls-'));
  const file = (name: string): string => `file:${join(directory, name)}`;
  const tls = {
    ca: file('ca.pem'),
    cert: file('cert.pem'),
    key: file('key.pem'),
    serverName: 'billing.internal',
  };
  let server: Certificate;
  let [first, second, stranger]: Certificate[] = [];
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication | undefined;

  beforeAll(async () => {
    server = await selfSignedCertificate('billing.internal');
    [first, second, stranger] = await Promise.all(['first', 'second', 'stranger'].map(selfSignedCertificate));
    upstream = await recordingUpstream((listener) =>
      createTlsServer({ ...server, requestCert: true, ca: [first!.cert, second!.cert] }, listener),
    );
  });
  beforeEach(() => {
    upstream.behave((request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      // Each request on a connection of its own.
      response.writeHead(200, { connection: 'close' }).end(`${subject?.CN}`);
    });
    present(first!);
    writeFileSync(join(directory, 'ca.pem'), server.cert);
  });
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    upstream.reset();
  });
  afterAll(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true });
  });

  function present({ cert, key }: Certificate): void {
    writeFileSync(join(directory, 'cert.pem'), cert);
    writeFileSync(join(directory, 'key.pem'), key);
  }

  async function start(section: object | undefined, url = upstream.url.replace('http:', 'https:')): Promise<void> {
    gateway = await proxyApplication({ billing: { upstream: url, tls: section } });
  }

  async function get(): Promise<[number, string]> {
    const response = await fetch(`${gateway!.url}/proxy/billing/x`);
    const body = await response.text();
    return [response.status, response.ok ? body : (JSON.parse(body) as { code: string }).code];
  }

  it('presents a certificate to an upstream of a private authority, whose name it verifies', async () => {
    await start(tls);
    expect(await get()).toEqual([200, 'first']);
  });

  it('presents another certificate on the next connection once its files are replaced', async () => {
    await start(tls);
    expect(await get()).toEqual([200, 'first']);
    present(second!);
    expect(await get()).toEqual([200, 'second']);
  });

  it('presents a certificate through a proxy, which sees nothing of it', async () => {
    const { port } = upstream.server.address() as AddressInfo;
    const proxy = await connectProxy({ toPort: port });
    const billing = { upstream: `https://billing.internal:${port}`, tls: { ...tls, serverName: undefined } };
    gateway = await proxyApplication({ billing }, undefined, {}, { url: proxy.url, except: '' });
    expect(await get()).toEqual([200, 'first']);
    expect(proxy.asked).toHaveLength(1);
    expect(proxy.passed()).not.toContain('/x');
    proxy.close();
  });

  it.each<[string, object | undefined]>([
    ['no authority is named for it', undefined],
    ['its authority is not the named one', { ...tls, ca: file('cert.pem') }],
    ['it has another name', { ...tls, serverName: 'other.internal' }],
    ['its address is not its name', { ...tls, serverName: undefined }],
  ])(
    'sends nothing to an upstream if %s, even where the environment turns verification off',
    async (_what, section) => {
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        await start(section);
        expect(await get()).toEqual([502, 'GATEWAY_UPSTREAM_UNTRUSTED']);
      } finally {
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      }
      expect(upstream.seen).toEqual([]);
    },
  );

  it('gets no answer from an upstream that does not know its certificate', async () => {
    present(stranger!);
    await start(tls);
    expect(await get()).toEqual([502, 'GATEWAY_UPSTREAM_FAILED']);
    expect(upstream.seen).toEqual([]);
  });

  it.each([
    ['handshake_failure', 40],
    ['bad_certificate', 42],
    ['certificate_expired', 45],
    ['unknown_ca', 48],
    ['access_denied', 49],
    ['certificate_required', 116],
  ])('says to check the client certificate when the upstream sends the alert %s', async (_name, alert) => {
    const raw = await rawUpstream((socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, alert])));
    await start(tls, raw.url.replace('http:', 'https:'));
    expect(await get()).toEqual([502, 'GATEWAY_UPSTREAM_TLS_REFUSED']);
    raw.close();
  });
});
