import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TLSSocket } from 'node:tls';
import { type TokenSource } from '@mintonce/token-cache';
import { selfSignedCertificate } from '@mintonce/test-support';
import { loadConfig } from '../config/load-config.js';
import { tokenEndpointFetch } from './token-endpoint-fetch.js';
import { tokenSourceOf } from './token-source.factory.js';

const ROOT = join(__dirname, '../../../..');
const SECTION = readFileSync(join(ROOT, 'docs/providers.md'), 'utf8').split('\n## Client certificates\n')[1] ?? '';

function blockOf(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(SECTION)?.[1] ?? '';
}

describe('The recipe for client certificates', () => {
  let directory: string;
  let server: Server;
  let presented: unknown[];

  beforeAll(async () => {
    // Inside the workspace, so that the recipe finds its packages.
    mkdirSync(join(ROOT, '.mintonce'), { recursive: true });
    directory = mkdtempSync(join(ROOT, '.mintonce', 'certificates-'));
    const [idp, client] = await Promise.all(['localhost', 'shop'].map(selfSignedCertificate));
    const files = { 'ca.pem': idp!.cert, 'client.pem': client!.cert, 'client.key': client!.key };
    for (const [name, pem] of Object.entries(files)) writeFileSync(join(directory, name), pem);
    server = createServer({ ...idp, requestCert: true, ca: client!.cert }, (request, response) => {
      presented.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 'abc', expires_in: 60 }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    presented = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  function here(recipe: string): string {
    const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
    return recipe.replaceAll('https://idp.internal', origin).replaceAll('tls/', `${directory}/`);
  }

  async function logsIn({ mint }: TokenSource): Promise<void> {
    const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'shop' };
    expect(await mint({}, context)).toMatchObject({ accessToken: 'abc' });
    expect(presented).toEqual(['shop']);
  }

  it('logs in with the certificate in code', async () => {
    const file = join(directory, 'recipe.ts');
    writeFileSync(file, here(blockOf('ts')));
    await logsIn(Object.values(jest.requireActual<Record<string, TokenSource>>(file))[0]!);
  });

  it('logs in with the certificate in YAML', async () => {
    writeFileSync(join(directory, 'gateway.yaml'), here(blockOf('yaml')));
    const { integrations } = loadConfig({ GATEWAY_CONFIG: 'gateway.yaml' }, directory);
    const { token, tls } = integrations.get('shop')!;
    expect(tls?.()).toMatchObject({ servername: 'billing.internal' });
    await logsIn(tokenSourceOf('shop', token, tokenEndpointFetch(undefined, token.tls)));
  });
});
