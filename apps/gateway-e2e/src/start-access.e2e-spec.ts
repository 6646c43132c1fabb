import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  type NodeProcess,
  startNode,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { makeKey } from './make-key.js';

describe('npm start on all addresses, with access', () => {
  const { key, sha256 } = makeKey();
  let state: TemporaryDirectory;
  let provider: Server;
  let minted = 0;
  let port: number;
  let started: NodeProcess;

  beforeAll(async () => {
    state = temporaryDirectory();
    provider = createServer((request, response) => {
      const isMint = request.url === '/token';
      if (isMint) minted++;
      const answer = isMint
        ? { access_token: 'token', token_type: 'Bearer', expires_in: 3600 }
        : { credential: request.headers.authorization, key: request.headers['x-api-key'] };
      request.resume().once('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const upstream = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const client = { clientId: 'a', clientSecret: 's3cret', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: `${upstream}/token`, ...client };
    const access = { apiKeys: [{ id: 'shop', sha256, integrations: ['billing'] }] };
    const GATEWAY_CONFIG = join(state.path, 'gateway.yaml');
    writeFileSync(GATEWAY_CONFIG, JSON.stringify({ integrations: { billing: { upstream, token } }, access }));
    port = await freePort();
    started = await startNode(join(ROOT, 'tools/start.mjs'), {
      env: {
        HOST: '0.0.0.0',
        PORT: String(port),
        GATEWAY_CONFIG,
        GATEWAY_STATE_DIR: state.path,
        GATEWAY_WORKERS: '2',
        REDIS_URL: undefined,
      },
      readyWhen: /Ctrl-C stops it/,
    });
  });
  afterAll(async () => {
    await started?.stop();
    provider.close();
    provider.closeAllConnections();
    state.remove();
  });

  const addresses = [
    '127.0.0.1',
    ...Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .flatMap(ipv4),
  ];

  it.each([...new Set(addresses)])('serves a caller with a key at %s, and nobody else', async (address) => {
    const url = `http://${address}:${port}/proxy/billing/x`;
    const admitted = await fetch(url, { headers: { 'x-api-key': key } });

    expect([admitted.status, await admitted.json()]).toEqual([200, { credential: 'Bearer token' }]);
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { 'x-api-key': sha256 } })).status).toBe(401);
    expect((await fetch(`http://${address}:${port}/metrics`)).status).toBe(401);
    expect((await fetch(`http://${address}:${port}/health/ready`)).status).toBe(200);
    expect(minted).toBe(1);
  });
});

function ipv4({ family, address }: { family: string; address: string }): string[] {
  return family === 'IPv4' ? [address] : [];
}
