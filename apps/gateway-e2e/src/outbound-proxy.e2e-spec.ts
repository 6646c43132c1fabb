import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, selfSignedCertificate, startNode, waitFor } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

it('The gateway reaches an https upstream through HTTPS_PROXY, with the token inside the tunnel alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'outbound-proxy-'));
  const certificate = await selfSignedCertificate('billing.invalid');
  writeFileSync(join(directory, 'ca.pem'), certificate.cert);
  const seen: (string | undefined)[] = [];
  const upstream = createServer(certificate, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(201, { location: 'https://billing.invalid/api/7' }).end('created');
  });
  const idp = createHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'the-token', token_type: 'Bearer', expires_in: 3600 }));
  });
  const tunnels: string[] = [];
  let passed = '';
  const sockets: Socket[] = [];
  const proxy = createHttpServer();
  const upstreamPort = await listen(upstream);
  proxy.on('connect', ({ url = '' }: IncomingMessage, client: Socket) => {
    tunnels.push(url);
    const there = connect(upstreamPort, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    sockets.push(
      client.on('error', () => {}),
      there.on('error', () => {}),
    );
    client.on('data', (chunk) => (passed += chunk.toString('latin1'))).pipe(there);
    there.pipe(client);
  });
  const [proxyPort, idpPort, port] = await Promise.all([listen(proxy), listen(idp), freePort()]);
  const token = {
    grant: 'client_credentials',
    tokenEndpoint: `http://127.0.0.1:${idpPort}/token`,
    clientId: 'gateway',
    clientSecret: 's3cret',
    allowInsecureRequests: true,
  };
  const integrations = { billing: { upstream: 'https://billing.invalid/api', token } };
  writeFileSync(join(directory, 'gateway.yaml'), JSON.stringify({ integrations, store: 'memory' }));
  const gateway = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), {
    env: {
      GATEWAY_CONFIG: join(directory, 'gateway.yaml'),
      GATEWAY_STATE_DIR: directory,
      PORT: `${port}`,
      REDIS_URL: '',
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: 'localhost,127.0.0.1',
      NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
    },
  });
  try {
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).ok);
    for (let count = 0; count < 3; count++) {
      const response = await fetch(`http://127.0.0.1:${port}/proxy/billing/x`, { method: 'POST', body: 'body' });

      expect([response.status, await response.text()]).toEqual([201, 'created']);
      expect(response.headers.get('location')).toBe('/proxy/billing/7');
    }
    expect(seen).toEqual(Array(3).fill('Bearer the-token'));
    expect(tunnels).toEqual(['billing.invalid:443']);
    expect(passed).not.toMatch(/the-token|POST/);
  } finally {
    await gateway.stop();
    for (const socket of sockets) socket.destroy();
    for (const server of [upstream, idp, proxy]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(directory, { recursive: true, force: true });
  }
});
