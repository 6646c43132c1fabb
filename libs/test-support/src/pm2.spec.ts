import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAlive } from './is-alive.js';
import { startNode } from './node-process.js';
import { type Pm2, startPm2 } from './pm2.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

const MODULE = pathToFileURL(join(__dirname, '../dist/pm2.js')).href;

const WORKER = `
  process.on('SIGTERM', () => process.exit(0));
  setInterval(() => {}, 1000);
  console.log('hello from ' + process.env.WHO);
  process.send('ready');
`;

const FORGETFUL = `
  import { startPm2 } from '${MODULE}';
  const { home } = await startPm2({ ecosystem: process.argv[2] });
  setInterval(() => {}, 1000);
  console.log('home=' + home + ' ready');
`;

describe('startPm2', () => {
  let directory: TemporaryDirectory;
  let ecosystem: string;
  let pm2: Pm2 | undefined;

  beforeAll(() => {
    directory = temporaryDirectory();
    const script = join(directory.path, 'worker.cjs');
    writeFileSync(script, WORKER);
    ecosystem = join(directory.path, 'ecosystem.config.cjs');
    const app = { name: 'worker', script, exec_mode: 'cluster', instances: 2, wait_ready: true };
    writeFileSync(ecosystem, `module.exports = { apps: [${JSON.stringify(app)}] };`);
  });

  afterEach(async () => await pm2?.stop());
  afterAll(() => directory.remove());

  it('runs the workers of an ecosystem in a home of its own, and leaves nothing of it', async () => {
    const before = existsSync(join(homedir(), '.pm2'));
    pm2 = await startPm2({ ecosystem, env: { WHO: 'a worker' } });
    const workers = await pm2.list();
    expect(workers.map(({ name, pm2_env }) => [name, pm2_env.status])).toEqual(Array(2).fill(['worker', 'online']));
    await waitFor(async () => (await pm2?.logs())?.match(/hello from a worker/g)?.length === 2);

    await pm2.run('reload', 'worker');
    const reloaded = await pm2.list();
    expect(reloaded.map(({ pid }) => workers.some((worker) => worker.pid === pid))).toEqual([false, false]);

    const daemon = daemonOf(pm2.home);
    await pm2.stop();
    await waitFor(() => ![daemon, ...reloaded.map(({ pid }) => pid)].some(isAlive));
    expect(existsSync(pm2.home)).toBe(false);
    expect(existsSync(join(homedir(), '.pm2'))).toBe(before);
    await expect(pm2.list()).rejects.toThrow(/ENOENT.*rpc\.sock/);
  });

  it('ends with a process that was killed before it could stop it', async () => {
    const script = join(directory.path, 'forgetful.mjs');
    writeFileSync(script, FORGETFUL);
    const node = await startNode(script, { args: [ecosystem], readyWhen: /ready/ });
    const home = String((await node.waitForOutput(/home=(\S+)/))[1]);
    const daemon = daemonOf(home);
    expect(isAlive(daemon)).toBe(true);
    await node.kill();
    await waitFor(() => !isAlive(daemon) && !existsSync(home));
  });

  it('shows what PM2 says when it refuses', async () => {
    await expect(startPm2({ ecosystem: join(directory.path, 'missing.config.cjs') })).rejects.toThrow(
      /missing\.config/,
    );
  });
});

function daemonOf(home: string): number {
  return Number(readFileSync(join(home, 'pm2.pid'), 'utf8'));
}
