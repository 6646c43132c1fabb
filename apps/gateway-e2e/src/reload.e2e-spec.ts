import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type Pm2,
  startNode,
  startPm2,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { sendSteadily } from './load.js';

const WORKERS = 3;
/** More requests in a row than a worker would get by chance alone. */
const IN_A_ROW = 20 * WORKERS;

/** Sends the process a SIGHUP at each file that it loads, from the one that holds the server on. */
const HANG_UP_AT_EACH_FILE = moduleOf(
  `import { register } from 'node:module'; register('${moduleOf(`
  let isServerLoaded = false;
  export function resolve(specifier, _context, next) {
    isServerLoaded ||= specifier.includes('/serve-');
    if (isServerLoaded) process.kill(process.pid, 'SIGHUP');
    return next(specifier);
  }`)}')`,
);

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code).replaceAll("'", '%27')}`;
}

describe('SIGHUP', () => {
  let directory: TemporaryDirectory;
  let url: string;
  let port: number;

  beforeEach(async () => {
    directory = temporaryDirectory();
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(() => directory.remove());

  function write(names: readonly string[], more: object = {}): void {
    const token = { grant: 'client_credentials', issuer: 'https://idp.invalid', clientId: 'a', clientSecret: 's3cret' };
    const integrations = names.map((name) => [name, { upstream: 'https://upstream.invalid', token }]);
    writeFileSync(
      join(directory.path, 'gateway.yaml'),
      JSON.stringify({ integrations: Object.fromEntries(integrations), store: 'memory', ...more }),
    );
  }

  const env = () => ({
    PORT: String(port),
    GATEWAY_CONFIG: join(directory.path, 'gateway.yaml'),
    GATEWAY_STATE_DIR: directory.path,
    GATEWAY_WORKERS: String(WORKERS),
    REDIS_URL: '',
  });

  /** The names that a worker answers with; a connection of its own lets any worker answer. */
  async function names(): Promise<string> {
    const response = await fetch(`${url}/api/integrations`, { headers: { connection: 'close' } });
    const integrations = (await response.json()) as { name: string }[];
    return integrations.map(({ name }) => name).join();
  }

  const everyWorkerHas = (expected: string) =>
    waitFor(
      async () => {
        for (let i = 0; i < IN_A_ROW; i++) if ((await names()) !== expected) return false;
        return true;
      },
      { description: `all workers to have ${expected}` },
    );

  it('makes every worker under PM2 take a changed configuration, with no failed request and no restart', async () => {
    write(['billing']);
    const pm2: Pm2 = await startPm2({ ecosystem: join(ROOT, 'ecosystem.config.cjs'), env: env() });
    try {
      await everyWorkerHas('billing');
      const before = (await pm2.list()).map(({ pid }) => pid);
      const load = sendSteadily([names]);
      write(['billing', 'crm']);
      await pm2.run('sendSignal', 'SIGHUP', 'gateway');
      await everyWorkerHas('billing,crm');

      write(['Not a name'], { limits: { inFlight: 0 } });
      await pm2.run('sendSignal', 'SIGHUP', 'gateway');
      await waitFor(async () => (await pm2.logs()).split('limits.inFlight: must be at least 1').length > WORKERS);
      expect(await pm2.logs()).toContain('gateway.yaml:1: integrations.Not a name: is not a name');
      expect(await names()).toBe('billing,crm');
      await load.stop();

      expect(load.errors).toEqual([]);
      expect([...new Set(load.answers)]).toEqual(['billing', 'billing,crm']);
      expect((await pm2.list()).map(({ pid }) => pid)).toEqual(before);
      expect(await pm2.logs()).not.toContain('s3cret');
    } finally {
      await pm2.stop();
    }
  });

  it('is obeyed by the gateway alone, and names what needs a restart', async () => {
    write(['billing']);
    const gateway = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), { env: env(), readyWhen: /Tokens are/ });
    try {
      write(['crm'], { limits: { inFlight: 7 } });
      gateway.signal('SIGHUP');

      await gateway.waitForOutput(/in use\. Integrations: crm[^]*Not in use before a restart.*: limits/);
      expect(await names()).toBe('crm');
    } finally {
      await gateway.stop();
    }
  });

  it('is obeyed once the gateway serves when it comes, again and again, while the gateway starts', async () => {
    write(['billing']);
    const main = join(ROOT, 'apps/gateway/dist/main.js');
    const gateway = await startNode(main, { env: env(), nodeArgs: ['--import', HANG_UP_AT_EACH_FILE] });
    try {
      await gateway.waitForOutput(/The changed configuration is in use\. Integrations: billing/);
      expect(await names()).toBe('billing');
    } finally {
      await gateway.stop();
    }
  });
});
