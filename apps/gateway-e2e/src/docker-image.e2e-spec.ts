import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, isAlive, redisServerBin, temporaryDirectory, waitFor } from '@mintonce/test-support';
import { type Command, startCommand } from './command.js';
import { COMPOSE_FOLDER, commandHere, readCompose } from './compose.js';
import { dockerIgnore } from './docker-ignore.js';
import { commandOf, lineageOf, parseDockerfile } from './dockerfile.js';
import { ROOT } from './fleet.js';
import { type Image, ImageBuild } from './image-build.js';

jest.setTimeout(600_000);

const PASSWORD = 'correct-horse-battery-staple';
const stages = parseDockerfile(readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8'));
const isIgnored = dockerIgnore(readFileSync(join(ROOT, '.dockerignore'), 'utf8'));
const commandFor = (target: string, keyword: 'CMD' | 'HEALTHCHECK') => {
  const instructions = lineageOf(target, stages).flatMap((stage) => stage.instructions);
  return commandOf(instructions.findLast((instruction) => instruction.keyword === keyword)!);
};

describe('The image, built here step by step', () => {
  const directory = temporaryDirectory();
  const secrets = join(directory.path, 'secrets');
  const build = new ImageBuild(stages, { path: ROOT, isIgnored }, directory.path, ['runtime']);
  const images: Record<string, Image> = {};
  const running: Command[] = [];

  beforeAll(async () => {
    mkdirSync(secrets);
    writeFileSync(join(secrets, 'redis_password'), `${PASSWORD}\n`);
    writeFileSync(join(secrets, 'billing_client_secret'), 'secret\n');
    for (const target of ['gateway', 'gateway-nopm2']) {
      images[target] = await build.image(target);
      mountInto(images[target]);
    }
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((command) => command.stop()));
  });

  afterAll(() => directory.remove());

  /** What the image or a volume would have there. */
  function mountInto({ env }: Image): void {
    for (const folder of [env['PM2_HOME'], env['GATEWAY_STATE_DIR']])
      if (folder) mkdirSync(folder, { recursive: true });
    const config = env['GATEWAY_CONFIG']!;
    mkdirSync(join(config, '..'), { recursive: true });
    const yaml = readFileSync(join(COMPOSE_FOLDER, 'gateway.yaml'), 'utf8');
    writeFileSync(config, yaml.replaceAll('/run/secrets', secrets));
  }

  function start(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Command {
    const started = startCommand(command, cwd, { PATH: process.env['PATH'], ...env });
    running.push(started);
    return started;
  }

  async function isHealthy(target: string, env: NodeJS.ProcessEnv): Promise<boolean> {
    const check = startCommand(commandFor(target, 'HEALTHCHECK'), directory.path, {
      PATH: process.env['PATH'],
      ...env,
    });
    return (await check.exited).code === 0;
  }

  it.each(['gateway', 'gateway-nopm2'])('of %s holds what runs, and no tool', (target) => {
    const { root, workdir } = images[target]!;
    const modules = readdirSync(join(workdir, 'node_modules'));
    expect(modules).toEqual(expect.arrayContaining(['fastify', 'ioredis', 'libsql', 'prom-client']));
    expect(
      modules.filter((name) => /^(pm2|nx|jest|typescript|eslint|prettier|oidc-provider|@nx|@swc)$/.test(name)),
    ).toEqual([]);
    const own = readdirSync(workdir, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !/node_modules/.test(path),
    );
    expect(own.filter((path) => /(^|\/)src(\/|$)|spec|\.env|tsconfig|jest|nx\.json/.test(path))).toEqual([]);
    expect(existsSync(join(root, 'opt/pm2'))).toBe(target === 'gateway');
  });

  it.each([
    ['gateway', 2],
    ['gateway-nopm2', 1],
  ])(
    'of %s starts by its command with its workers, passes its health check, and ends with SIGTERM',
    async (target, workers) => {
      const image = images[target]!;
      const env = { ...image.env, PORT: String(await freePort()) };
      const gateway = start(commandFor(target, 'CMD'), image.workdir, env);
      await gateway.until(() => isHealthy(target, env));

      await waitFor(async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${env.PORT}/metrics`)).text();
        return metrics.match(/^gateway_build_info\{/gm)?.length === workers;
      });
      const children = childrenOf(gateway.pid);
      await expect(gateway.stop()).resolves.toEqual({ code: 0, signal: null });
      expect(children.filter(isAlive)).toEqual([]);
      await expect(isHealthy(target, env)).resolves.toBe(false);
    },
  );

  it('works with the Redis of compose.yaml, as compose.yaml starts both', async () => {
    const { gateway, redis } = readCompose().services as Required<ReturnType<typeof readCompose>['services']>;
    const redisPort = await freePort();
    const conf = join(directory.path, 'redis.conf');
    const settings = readFileSync(join(COMPOSE_FOLDER, 'redis.conf'), 'utf8')
      .replace(/^bind .*/m, `bind 127.0.0.1\nport ${redisPort}`)
      .replace(/^dir .*/m, `dir ${directory.path}`);
    writeFileSync(conf, settings);
    const here = {
      '/run/secrets': secrets,
      '/usr/local/etc/redis/redis.conf': conf,
      'redis:6379': `127.0.0.1:${redisPort}`,
      'exec redis-server': `exec ${redisServerBin()}`,
    };
    start(commandHere(redis!.command, here), directory.path, {});

    const image = images['gateway']!;
    const env = { ...image.env, ...gateway!.environment, PORT: String(await freePort()) };
    const started = start(commandHere(gateway!.command, here), image.workdir, env);
    await started.until(async () => {
      const ready = await fetch(`http://127.0.0.1:${env.PORT}/health/ready`);
      return ((await ready.json()) as { status: string }).status === 'ok';
    });
    const ask = (...command: string[]) => asked(redisPort, command);
    expect(await ask('PING')).toMatch(/^-NOAUTH/);
    expect(await ask(`AUTH ${PASSWORD}`, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await ask(`AUTH ${PASSWORD}`, 'CONFIG GET appendonly')).toContain('yes');
  });
});

/** What Redis answers to these commands, one connection for all. */
async function asked(port: number, commands: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (text: string) => (answer += text));
  socket.end([...commands, 'QUIT', ''].join('\r\n'));
  await once(socket, 'close');
  return answer;
}

function childrenOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' }).split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .flatMap(([parent, child]) => (parent === pid && child ? [child] : []));
}
