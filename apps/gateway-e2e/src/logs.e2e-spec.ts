import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type NodeProcess,
  type Pm2,
  startNode,
  startPm2,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { get } from './load.js';

const MAIN = join(ROOT, 'apps/gateway/dist/main.js');
const WORKERS = 2;
const REQUESTS = 300;

interface Line {
  readonly level: string;
  readonly worker: string;
  readonly msg: string;
  readonly requestId?: string;
  readonly err?: { readonly message: string };
}

const linesOf = (output: string): Line[] =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const requestsIn = (lines: readonly Line[]) => lines.filter(({ msg }) => msg === 'request');

describe('The log of the gateway', () => {
  let directory: TemporaryDirectory;
  let provider: Server;
  let env: NodeJS.ProcessEnv;
  let url: string;

  beforeEach(async () => {
    directory = temporaryDirectory();
    // The token endpoint and the upstream.
    provider = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      request.resume().once('end', () => {
        response.end(JSON.stringify({ access_token: 'token-of-the-log-test', token_type: 'Bearer', expires_in: 3600 }));
      });
    });
    provider.listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const upstream = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const client = { clientId: 'a', clientSecret: 's3cret', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: `${upstream}/token`, ...client };
    writeFileSync(
      join(directory.path, 'gateway.yaml'),
      JSON.stringify({ integrations: { demo: { upstream, token } } }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = {
      HOST: undefined,
      REDIS_URL: '',
      PORT: String(port),
      GATEWAY_CONFIG: join(directory.path, 'gateway.yaml'),
      GATEWAY_STATE_DIR: directory.path,
      GATEWAY_WORKERS: String(WORKERS),
    };
  });
  afterEach(() => {
    provider.close();
    provider.closeAllConnections();
    directory.remove();
  });

  /** The ids of that many answered requests. */
  async function answered(count: number): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => get(`${url}/proxy/demo/x`)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    return answers.map(({ headers }) => String(headers['x-request-id']));
  }

  const ready = () => waitFor(async () => (await get(`${url}/health/ready`)).status === 200);
  const idsIn = (lines: readonly Line[]) => requestsIn(lines).map(({ requestId }) => requestId);

  it('has a line of JSON for every request that was answered when SIGTERM comes at once', async () => {
    const gateway = await startNode(MAIN, { env, readyWhen: /Listens on/ });
    const ids = await answered(REQUESTS);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });

    const lines = linesOf(gateway.output());
    expect(idsIn(lines).sort()).toEqual(ids.sort());
    expect(lines.at(-1)?.msg).toBe('Stopped');
  });

  it('has a line of JSON for every request of each worker under PM2, also through a reload', async () => {
    const pm2: Pm2 = await startPm2({ ecosystem: join(ROOT, 'ecosystem.config.cjs'), env });
    try {
      const [{ pm2_env } = { pm2_env: undefined }] = await pm2.list();
      await ready();
      const ids = await answered(REQUESTS);
      await pm2.run('reload', 'gateway');
      await ready();
      ids.push(...(await answered(REQUESTS)));
      await pm2.run('stop', 'gateway');

      const printed = await pm2.logs();
      const lines = linesOf(printed);
      expect(idsIn(lines).sort()).toEqual(ids.sort());
      expect(new Set(lines.map(({ worker }) => worker))).toEqual(new Set(['0', '1']));
      expect(lines.filter(({ msg }) => msg === 'Stopped')).toHaveLength(2 * WORKERS);
      expect(pm2_env?.pm_out_log_path).toContain(pm2.home);
    } finally {
      await pm2.stop();
    }
  });

  it('holds up no request while nobody reads it', async () => {
    const gateway = spawn(process.execPath, [MAIN], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await ready();
      gateway.stdout.pause();
      // More than the buffers of the pipe take.
      for (let sent = 0; sent < 6; sent++) await answered(REQUESTS);
    } finally {
      gateway.kill('SIGKILL');
      await once(gateway, 'exit');
    }
  });

  describe('tells as its last line', () => {
    /** A gateway in which SIGUSR2 does that. */
    async function sabotaged(statement: string): Promise<NodeProcess> {
      const sabotage = `process.on('SIGUSR2', () => { ${statement} })`;
      const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(sabotage)}`];
      return startNode(MAIN, { env: { ...env, SECRET: 's3cret' }, nodeArgs, readyWhen: /Listens on/ });
    }

    it.each([
      ['an error that nobody caught', "throw Object.assign(new Error('sabotage'), { secret: process.env.SECRET })"],
      [
        'a rejection that nobody handled',
        "void Promise.reject(Object.assign(new Error('sabotage'), { secret: process.env.SECRET }))",
      ],
    ])('%s, and the process ends', async (_what, statement) => {
      const gateway = await sabotaged(statement);
      gateway.signal('SIGUSR2');

      expect(await gateway.exited).toEqual({ code: 1, signal: null });
      expect(linesOf(gateway.output()).at(-1)).toMatchObject({ level: 'fatal', err: { message: 'sabotage' } });
      expect(gateway.output()).not.toContain('s3cret');
    });

    it('why it cannot start', async () => {
      const gateway = await startNode(MAIN, { env: { ...env, LOG_LEVEL: 'loud' } });

      expect(await gateway.exited).toEqual({ code: 1, signal: null });
      const lines = linesOf(gateway.output());
      expect(lines).toMatchObject([{ level: 'fatal', msg: expect.stringContaining('LOG_LEVEL: must be one of') }]);
    });
  });

  it('has a line for a warning of Node', async () => {
    const warning = encodeURIComponent(
      "process.on('SIGUSR2', () => process.emitWarning('of the test', 'TestWarning'))",
    );
    const nodeArgs = ['--import', `data:text/javascript,${warning}`];
    const gateway = await startNode(MAIN, { env, nodeArgs, readyWhen: /Listens on/ });
    gateway.signal('SIGUSR2');
    await gateway.waitForOutput(/of the test/);
    await gateway.stop();

    expect(linesOf(gateway.output())).toContainEqual(
      expect.objectContaining({ level: 'warn', type: 'TestWarning', msg: 'of the test' }),
    );
  });
});
