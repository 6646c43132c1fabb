import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { freePort, selfSignedCertificate, startNode, temporaryDirectory, waitFor } from '@mintonce/test-support';
import { stringify } from 'yaml';
import { ROOT } from './fleet.js';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('The gateway and an identity provider with a certificate of its own', () => {
  let idp: Server;
  let upstream: Server;
  let proxy: Server;
  let directory: ReturnType<typeof temporaryDirectory>;
  let ca: string;
  let mints: string[];
  let tunnels: string[];

  beforeAll(async () => {
    const certificate = await selfSignedCertificate('localhost');
    directory = temporaryDirectory();
    ca = join(directory.path, 'ca.pem');
    writeFileSync(ca, certificate.cert);
    idp = await listening(
      createTlsServer(certificate, ({ headers }, response) => {
        mints.push(headers.authorization ?? '');
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ access_token: 'abc', token_type: 'Bearer', expires_in: 3600 }));
      }),
    );
    upstream = await listening(createServer(({ headers }, response) => response.end(headers.authorization)));
    proxy = await listening(createServer());
    proxy.on('connect', ({ url = '' }, socket) => {
      tunnels.push(url);
      const onward = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      for (const end of [socket, onward]) end.on('error', () => end.destroy());
    });
  });

  beforeEach(() => {
    mints = [];
    tunnels = [];
  });

  afterAll(() => {
    for (const server of [idp, upstream, proxy]) {
      server?.closeAllConnections();
      server?.close();
    }
    directory?.remove();
  });

  /** The answer to one request through a gateway with this environment. */
  async function answerWith(env: NodeJS.ProcessEnv): Promise<{ status: number; text: string }> {
    const config = join(directory.path, 'gateway.yaml');
    const token = {
      grant: 'client_credentials',
      tokenEndpoint: `https://localhost:${portOf(idp)}/token`,
      clientId: 'gateway',
      clientSecret: 'secret',
    };
    const billing = { upstream: `http://127.0.0.1:${portOf(upstream)}`, token };
    writeFileSync(config, stringify({ store: 'memory', integrations: { billing } }));
    const port = await freePort();
    const gateway = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), {
      env: { GATEWAY_CONFIG: config, PORT: `${port}`, NO_PROXY: undefined, no_proxy: undefined, ...env },
    });
    try {
      const url = `http://127.0.0.1:${port}`;
      await waitFor(async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.ok);
      const response = await fetch(`${url}/proxy/billing/invoices`);
      return { status: response.status, text: await response.text() };
    } finally {
      await gateway.stop();
    }
  }

  it('sends it no secret that is not trusted, even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const { status, text } = await answerWith({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect({ status, mints }).toEqual({ status: expect.any(Number), mints: [] });
    expect(status).toBeGreaterThanOrEqual(502);
    expect(text).toContain('TOKEN_SOURCE_UNAVAILABLE');
  });

  it('trusts the certificates of NODE_EXTRA_CA_CERTS', async () => {
    expect(await answerWith({ NODE_EXTRA_CA_CERTS: ca })).toEqual({ status: 200, text: 'Bearer abc' });
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])('reaches it through the proxy of %s', async (name) => {
    const answer = await answerWith({ NODE_EXTRA_CA_CERTS: ca, [name]: `http://127.0.0.1:${portOf(proxy)}` });
    expect(answer).toEqual({ status: 200, text: 'Bearer abc' });
    expect(tunnels).toEqual([`localhost:${portOf(idp)}`]);
  });

  it('verifies its certificate behind the proxy as well', async () => {
    const HTTPS_PROXY = `http://127.0.0.1:${portOf(proxy)}`;
    expect((await answerWith({ NODE_TLS_REJECT_UNAUTHORIZED: '0', HTTPS_PROXY })).status).toBeGreaterThanOrEqual(502);
    expect({ mints, isTunnelled: tunnels.length > 0 }).toEqual({ mints: [], isTunnelled: true });
  });

  it('reaches it without the proxy if NO_PROXY names it', async () => {
    const HTTPS_PROXY = `http://127.0.0.1:${portOf(proxy)}`;
    const answer = await answerWith({ NODE_EXTRA_CA_CERTS: ca, HTTPS_PROXY, NO_PROXY: 'localhost' });
    expect(answer).toEqual({ status: 200, text: 'Bearer abc' });
    expect(tunnels).toEqual([]);
  });
});
