import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { selfSignedCertificate } from '@mintonce/test-support';
import { TOKEN } from './recording-idp.spec-support.js';

const SECRET = 'the-secret-of-the-client';
const run = promisify(execFile);

interface Result {
  readonly isTrusted: boolean;
  readonly accessToken?: string;
  readonly code?: string;
  readonly message?: string;
}

describe('The built clientCredentials() in a process of its own', () => {
  let server: Server;
  let directory: string;
  let certificate: string;
  let requests: string[];

  beforeAll(async () => {
    const { key, cert } = await selfSignedCertificate('localhost');
    directory = mkdtempSync(join(tmpdir(), 'trust-'));
    certificate = join(directory, 'ca.pem');
    writeFileSync(certificate, cert);
    server = createServer({ key, cert }, ({ method }, response) => {
      requests.push(method ?? '');
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(TOKEN));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  beforeEach(() => {
    requests = [];
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  async function mint(env: NodeJS.ProcessEnv): Promise<Result> {
    const url = `https://localhost:${(server.address() as AddressInfo).port}/token`;
    const program = join(__dirname, 'test', 'mint.mjs');
    const { stdout } = await run(process.execPath, [program, url, SECRET], {
      env: { PATH: process.env['PATH'], ...env },
    });
    return JSON.parse(stdout) as Result;
  }

  it('sends no secret to a server that nobody vouches for, even where NODE_TLS_REJECT_UNAUTHORIZED=0 lets the rest do so', async () => {
    const { isTrusted, code, message } = await mint({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect({ isTrusted, code }).toEqual({ isTrusted: true, code: 'TOKEN_SOURCE_UNAVAILABLE' });
    expect(message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(requests).toEqual(['HEAD']);
  });

  it.each([{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])(
    'trusts the certificates of NODE_EXTRA_CA_CERTS, with %j',
    async (env) => {
      const result = await mint({ NODE_EXTRA_CA_CERTS: certificate, ...env });
      expect(result).toMatchObject({ isTrusted: true, accessToken: 'abc' });
      expect(requests).toEqual(['HEAD', 'POST']);
    },
  );
});
