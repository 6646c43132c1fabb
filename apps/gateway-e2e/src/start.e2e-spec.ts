import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  isAlive,
  type NodeProcess,
  startNode,
  startRedis,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';

describe('npm start', () => {
  let state: TemporaryDirectory;
  let url: string;
  let env: NodeJS.ProcessEnv;
  const started: NodeProcess[] = [];

  beforeEach(async () => {
    state = temporaryDirectory();
    const PORT = String(await freePort());
    url = `http://127.0.0.1:${PORT}`;
    env = { HOST: undefined, PORT, GATEWAY_STATE_DIR: state.path, GATEWAY_WORKERS: '1', REDIS_URL: undefined };
    env = { ...env, GATEWAY_CONFIG: undefined, IDP_PORT: undefined, UPSTREAM_PORT: undefined };
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((node) => node.stop()));
    state.remove();
  });

  async function launch(more: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const node = await startNode(join(ROOT, 'tools/start.mjs'), { env: { ...env, ...more } });
    started.push(node);
    return node;
  }

  async function start(more: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const node = await launch(more);
    await node.waitForOutput(/Ctrl-C stops it/);
    return node;
  }

  /** The lock file of the start: its process, children and temporary directory. */
  function belongings(): { children: { pid: number }[]; temporaryDirectory: string } {
    return JSON.parse(readFileSync(join(state.path, 'start.json'), 'utf8'));
  }

  function children(): number[] {
    return belongings().children.map(({ pid }) => pid);
  }

  it('serves the demo with two workers, prints commands to try, and leaves nothing behind', async () => {
    const node = await start({ GATEWAY_WORKERS: '2' });
    expect(node.output()).toContain(`${url}, 2 workers, tokens in SQLite`);
    for (const [, command] of node.output().matchAll(/curl -s (http:\S+)/g)) {
      expect((await fetch(String(command))).status).toBe(200);
    }
    const pids = children();
    const directory = belongings().temporaryDirectory;
    await expect(node.stop()).resolves.toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(state.path).filter((name) => !name.startsWith('tokens.sqlite'))).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('shares tokens through Redis if REDIS_URL is set', async () => {
    const redis = await startRedis();
    try {
      const node = await start({ REDIS_URL: redis.url });
      expect(node.output()).toContain(`tokens in Redis (127.0.0.1:${redis.port})`);
      expect((await fetch(`${url}/proxy/demo/echo`)).status).toBe(200);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ info: { tokens: { store: 'up' } } });
      expect(readdirSync(state.path)).not.toContain('tokens.sqlite');
      await node.stop();
    } finally {
      await redis.stop();
    }
  });

  it('refuses a second start while the first one runs, and names its URL', async () => {
    const first = await start();
    const second = await launch();
    await expect(second.exited).resolves.toEqual({ code: 1, signal: null });
    expect(second.output()).toContain(`npm start runs already: ${url} (process ${first.pid})`);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('ends the processes of a start that was killed', async () => {
    await (await start()).kill();
    const orphans = children();
    await start();
    expect(orphans.filter(isAlive)).toEqual([]);
    expect((await fetch(`${url}/proxy/demo/echo`)).status).toBe(200);
  });

  it('ends its children if it is killed', async () => {
    const node = await start();
    const orphans = children();
    const directory = belongings().temporaryDirectory;
    await node.kill();
    await waitFor(() => !orphans.some(isAlive));
    await expect(fetch(url)).rejects.toThrow();
    // The next start would remove this directory, but this test starts none.
    rmSync(directory, { recursive: true, force: true });
  });

  it('shows the error of a worker that cannot start, and ends', async () => {
    const config = join(state.path, 'gateway.yaml');
    writeFileSync(config, 'integrations: {}\n');
    const node = await launch({ GATEWAY_CONFIG: config });
    await waitFor(() => !node.running);
    expect(node.output()).toContain('integrations: must name at least one integration');
    expect((await node.exited).code).toBe(1);
    expect(existsSync(join(state.path, 'start.json'))).toBe(false);
  });
});
