import { writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startRedis, temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { stringify } from 'yaml';
import { loadConfig } from '../config/load-config.js';
import { createGateway } from '../gateway.js';
import { capturedLog } from '../test/captured-log.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from '../test/token-endpoint.js';

describe('A gateway whose integration has warmUp in the file', () => {
  let directory: TemporaryDirectory;
  let upstream: RecordingUpstream;
  let idp: TokenEndpoint;
  const workers: NestFastifyApplication[] = [];

  beforeEach(async () => {
    directory = temporaryDirectory();
    [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
  });
  afterEach(async () => {
    idp.release();
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await Promise.all([upstream.close(), idp.close()]);
    directory.remove();
  });

  /** One worker, once it listens; all of a test share the store. */
  async function startWorker(env: NodeJS.ProcessEnv = {}, policy: object = {}): Promise<string> {
    const token = {
      grant: 'client_credentials',
      tokenEndpoint: idp.url,
      clientId: 'gateway',
      clientSecret: 's3cret',
      allowInsecureRequests: true,
    };
    const integrations = {
      billing: { upstream: upstream.url, token, warmUp: true },
      crm: { upstream: upstream.url, token },
    };
    writeFileSync(join(directory.path, 'gateway.yaml'), stringify({ integrations, policy }));
    const config = loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory.path);
    const worker = await createGateway(config, capturedLog().log);
    workers.push(worker);
    await worker.listen(0, '127.0.0.1');
    return `http://127.0.0.1:${(worker.getHttpServer().address() as AddressInfo).port}`;
  }

  async function healthOf(url: string) {
    const response = await fetch(`${url}/health/ready`);
    const { details } = (await response.json()) as { details: { tokens: { integrations: unknown } } };
    return { status: response.status, integrations: details.tokens.integrations };
  }

  it.each(['sqlite', 'redis'])('has its token when two workers listen, minted once, with %s', async (store) => {
    const redis = store === 'redis' ? await startRedis() : undefined;
    try {
      const env = redis ? { REDIS_URL: redis.url } : {};
      const urls = await Promise.all([startWorker(env), startWorker(env)]);

      expect(idp.seen).toHaveLength(1);
      for (const url of urls) {
        expect((await healthOf(url)).integrations).toMatchObject({
          billing: { state: 'valid' },
          crm: { state: 'missing' },
        });
        expect((await fetch(`${url}/proxy/billing/x`)).status).toBe(200);
      }
      expect(idp.seen).toHaveLength(1);
    } finally {
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
      await redis?.stop();
    }
  });

  it('listens although the identity provider fails, and its health tells the failure', async () => {
    idp.isUp = false;
    const url = await startWorker();

    expect(await healthOf(url)).toMatchObject({
      status: 200,
      integrations: { billing: { lastErrorCode: 'TOKEN_SOURCE_UNAVAILABLE' } },
    });
  });

  it('listens after warmUpTimeoutMs although the identity provider does not answer, and serves once it does', async () => {
    idp.hold();
    const url = await startWorker({}, { warmUpTimeoutMs: 100 });

    expect((await healthOf(url)).integrations).toMatchObject({ billing: { state: 'missing' } });
    const answer = fetch(`${url}/proxy/billing/x`);
    idp.release();
    expect((await answer).status).toBe(200);
    expect(idp.seen).toHaveLength(1);
  });
});
