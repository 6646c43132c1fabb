import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@mintonce/test-support';
import { loadConfig } from '../config/load-config.js';
import { connectProxy } from '../test/connect-proxy.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';
import { tokenEndpointFetch } from './token-endpoint-fetch.js';
import { tokenSourceOf } from './token-source.factory.js';

type Certificate = Awaited<ReturnType<typeof selfSignedCertificate>>;

describe('The tls section of a token', () => {
  let directory: string;
  let idp: RecordingUpstream;
  let [server, first, second]: Certificate[] = [];
  let presented: string[];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'token-tls-'));
    [server, first, second] = await Promise.all(['idp.internal', 'first', 'second'].map(selfSignedCertificate));
    idp = await recordingUpstream((listener) =>
      createTlsServer({ ...server!, requestCert: true, ca: [first!.cert, second!.cert] }, listener),
    );
    writeFileSync(join(directory, 'ca.pem'), server!.cert);
  });
  beforeEach(() => {
    presented = [];
    idp.reset();
    idp.behave((request, response) => {
      presented.push(`${(request.socket as TLSSocket).getPeerCertificate().subject?.CN}`);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 'abc', expires_in: 60 }));
    });
    present(first!);
  });
  afterAll(async () => {
    await idp.close();
    rmSync(directory, { recursive: true });
  });

  function present({ cert, key }: Certificate): void {
    writeFileSync(join(directory, 'cert.pem'), cert);
    writeFileSync(join(directory, 'key.pem'), key);
  }

  const files = { ca: 'file:ca.pem', cert: 'file:cert.pem', key: 'file:key.pem' };

  /** The source of a file whose token has this `tls` section, with the environment of the gateway. */
  function source(tls: object, host = 'localhost', env: NodeJS.ProcessEnv = {}) {
    const tokenEndpoint = `https://${host}:${(idp.server.address() as AddressInfo).port}/token`;
    const token = {
      grant: 'client_credentials',
      tokenEndpoint,
      clientId: 'gateway',
      clientAuth: 'tls_client_auth',
      tls,
    };
    const billing = { upstream: 'https://billing.example', token };
    writeFileSync(join(directory, 'gateway.yaml'), JSON.stringify({ integrations: { billing } }));
    const config = loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory);
    const section = config.integrations.get('billing')!.token;
    return tokenSourceOf('billing', section, tokenEndpointFetch(config.outbound, section.tls));
  }

  const context = () => ({ signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' });

  it('logs in with the certificate, and with another one once its files are replaced', async () => {
    const { mint } = source({ ...files, serverName: 'idp.internal' });
    expect(await mint({}, context())).toMatchObject({ accessToken: 'abc' });
    present(second!);
    await mint({}, context());
    expect(presented).toEqual(['first', 'second']);
    expect(idp.seen.map(({ body }) => body.toString())).toEqual(
      Array(2).fill('grant_type=client_credentials&client_id=gateway'),
    );
  });

  it('logs in with it through the proxy of the environment, which sees nothing of it', async () => {
    const proxy = await connectProxy({ toPort: (idp.server.address() as AddressInfo).port });
    const { mint } = source(files, 'idp.internal', { HTTPS_PROXY: proxy.url });
    await mint({}, context());
    expect(presented).toEqual(['first']);
    expect(proxy.asked).toHaveLength(1);
    expect(proxy.passed()).not.toContain('gateway');
    proxy.close();
  });

  it('names the code of a proxy of the environment that refuses the tunnel', async () => {
    const proxy = await connectProxy({ status: 407 });
    const { mint } = source(files, 'idp.internal', { HTTPS_PROXY: proxy.url });
    await expect(mint({}, context())).rejects.toThrow(/ failed with UND_ERR_ABORTED: check .* the proxy/);
    proxy.close();
  });

  it.each<[string, object]>([
    ['its authority is not the named one', { ...files, ca: 'file:cert.pem', serverName: 'idp.internal' }],
    ['it has another name', { ...files, serverName: 'other.internal' }],
  ])('sends nothing to a server if %s, even where the environment turns verification off', async (_what, tls) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(source(tls).mint({}, context())).rejects.toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(idp.seen).toEqual([]);
  });
});
