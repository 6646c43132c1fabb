import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import dockerignore from '@balena/dockerignore';
import { selfSignedCertificate, startNode, temporaryDirectory } from '@mintonce/test-support';
import { type Arg, type Copy, Keyword, type Label } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { COMPOSE_FOLDER, composeFindings, networksOf, readCompose } from './compose.js';
import { argumentsOf, instructionsOf, sourcesOf, type Stage } from './dockerfile.js';
import { ROOT } from './fleet.js';
import { imageOf, pairsOf, stages } from './image.js';

const TARGETS = ['gateway', 'gateway-nopm2'];
const PINNED_IMAGE = /^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/;

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const json = (path: string) => JSON.parse(text(path)) as Record<string, never>;
const ignored = dockerignore.default().add(text('.dockerignore'));
const { apps } = createRequire(__filename)(join(ROOT, 'ecosystem.config.cjs')) as {
  apps: [{ kill_timeout: number; script: string }];
};

function copiesOf({ instructions }: Stage): ReturnType<typeof sourcesOf>[] {
  return instructions.filter((one) => one.getKeyword() === Keyword.COPY).map((copy) => sourcesOf(copy as Copy));
}

/** What the gateway itself would do without a word from the image. */
function gatewayEnvironment(env: object): { host: string; port: number; problems: { path: string }[] } {
  const config = pathToFileURL(join(ROOT, 'apps/gateway/dist/modules/config/')).href;
  const script = `const { readEnvironment } = await import('${config}environment.js');
    const { resolveDoors } = await import('${config}doors.js');
    const problems = [];
    const environment = readEnvironment(${JSON.stringify(env)}, '/', problems);
    console.log(JSON.stringify({ ...resolveDoors(environment, {}, '/', problems).main, problems }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

/** The exit code of the health check of an image, and what it printed, when the gateway left that URL. */
async function healthCheck(target: string, url?: string): Promise<{ code: number | null; output: string }> {
  const directory = temporaryDirectory();
  const GATEWAY_HEALTH_FILE = join(directory.path, 'health-url');
  if (url) writeFileSync(GATEWAY_HEALTH_FILE, `${url}\n`);
  const [program, script = ''] = imageOf(target).healthCheck;
  expect(program).toBe('node');
  const check = await startNode(script, { cwd: ROOT, env: { GATEWAY_HEALTH_FILE } });
  const { code } = await check.exited;
  directory.remove();
  return { code, output: check.output() };
}

describe('The Dockerfile', () => {
  it('is one that the builder accepts', () => {
    expect(validate(text('docker/Dockerfile'))).toEqual([]);
  });

  it('starts from images that are pinned by version and digest', () => {
    const names = stages.map(({ name }) => name);
    const images = stages.map(({ from }) => from).filter((from) => !names.includes(from));
    expect(images).not.toEqual([]);
    for (const image of images) expect(image).toMatch(PINNED_IMAGE);
  });

  it('makes the gateway under PM2 unless told otherwise', () => {
    expect(stages.at(-1)?.name).toBe('gateway');
  });

  it('copies what is in the repository and not kept from the builder, or what an earlier stage made', () => {
    for (const [index, stage] of stages.entries()) {
      for (const { from, sources } of copiesOf(stage)) {
        if (from) expect(stages.slice(0, index).map(({ name }) => name)).toContain(from);
        else expect(sources.filter((source) => !existsSync(join(ROOT, source)) || ignored.ignores(source))).toEqual([]);
      }
    }
  });

  it('has PM2 in one image only, in the version that the workspace is tested with', () => {
    const { devDependencies } = json('package.json') as unknown as { devDependencies: { pm2: string } };
    const installs = stages.flatMap(({ name, instructions }) =>
      instructions.map((one) => [name, argumentsOf(one).at(-1)]).filter(([, word]) => word?.startsWith('pm2@')),
    );
    expect(installs).toEqual([['pm2', `pm2@${devDependencies.pm2}`]]);
    const users = stages.filter((stage) => copiesOf(stage).some(({ from }) => from === 'pm2'));
    expect(users.map(({ name }) => name)).toEqual(['gateway']);
  });

  it('stops workers with the signal that they drain on, and keeps PM2 to itself', () => {
    expect(imageOf('gateway').env).toMatchObject({
      NODE_ENV: 'production',
      PM2_HOME: '/run/pm2',
      PM2_KILL_SIGNAL: 'SIGTERM',
      PM2_DISABLE_VERSION_CHECK: 'true',
    });
  });

  it('runs the ecosystem file of the workspace, which finds the gateway where it is copied to', () => {
    expect(imageOf('gateway').command).toEqual(['pm2-runtime', 'start', 'ecosystem.config.cjs']);
    expect(imageOf('gateway-nopm2').command).toEqual(['node', apps[0].script]);
  });

  describe.each(TARGETS)('for the target %s', (target) => {
    it('ends as a user without privileges', () => {
      expect(imageOf(target).user).toBe('10001:10001');
    });

    it('says how to check, stop and recognise it', () => {
      expect(instructionsOf(target, Keyword.HEALTHCHECK, stages)).toHaveLength(1);
      expect(instructionsOf(target, Keyword.STOPSIGNAL, stages).flatMap(argumentsOf)).toEqual(['SIGTERM']);
      expect(pairsOf(instructionsOf<Label>(target, Keyword.LABEL, stages))).toMatchObject({
        'org.opencontainers.image.title': 'mintonce gateway',
        'org.opencontainers.image.licenses': json('package.json')['license'],
        'org.opencontainers.image.version': '${VERSION}',
      });
      expect(pairsOf(instructionsOf<Arg>(target, Keyword.ARG, stages))).toMatchObject({
        VERSION: json('apps/gateway/package.json')['version'],
      });
    });

    it.each(['http', 'https'])('checks that the gateway is alive, by %s', async (protocol) => {
      let status = 200;
      const answer: RequestListener = (_, response) => response.writeHead(status).end();
      const server =
        protocol === 'http' ? createServer(answer) : createTlsServer(await selfSignedCertificate('a.example'), answer);
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const url = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}/health/live`;
      expect(await healthCheck(target, url)).toEqual({ code: 0, output: '' });
      status = 503;
      expect(await healthCheck(target, url)).toEqual({
        code: 1,
        output: expect.stringContaining(`${url} answered 503: see the log`),
      });
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      expect(await healthCheck(target, url)).toEqual({ code: 1, output: expect.stringContaining('ECONNREFUSED') });
    });

    it('finds a gateway that does not listen yet not healthy', async () => {
      expect(await healthCheck(target)).toEqual({ code: 1, output: expect.stringContaining('ENOENT') });
    });

    it('agrees with the defaults of the gateway, and exposes no port, since the file decides which there are', () => {
      const { HOST, PORT, GATEWAY_CONFIG } = imageOf(target).env;
      expect(gatewayEnvironment({ GATEWAY_CONFIG })).toEqual({ host: '127.0.0.1', port: 3000, problems: [] });
      // Variables would win over `listen` of the file.
      expect([HOST, PORT]).toEqual([undefined, undefined]);
      expect(gatewayEnvironment({ GATEWAY_CONFIG, HOST: '0.0.0.0' }).problems).toMatchObject([{ path: 'HOST' }]);
      expect(instructionsOf(target, Keyword.EXPOSE, stages)).toEqual([]);
    });
  });
});

describe('.dockerignore', () => {
  it.each([
    'node_modules/fastify',
    'libs/token-cache/node_modules/lru-cache',
    'apps/gateway/dist/main.js',
    '.git/config',
    '.nx/cache',
    '.mintonce/tokens.sqlite',
    '.env',
    'apps/gateway/.env.local',
    'docker/secrets/redis_password',
    'docker/.env',
  ])('keeps %s from the builder', (path) => {
    expect(ignored.ignores(path)).toBe(true);
  });

  it.each(['package.json', 'apps/gateway/src/main.ts', 'libs/token-cache/src/redis/lua/head.lua', 'nx.json'])(
    'lets %s through',
    (path) => {
      expect(ignored.ignores(path)).toBe(false);
    },
  );
});

describe('compose.yaml', () => {
  const compose = readCompose();
  const services = Object.entries(compose.services);
  const { gateway, 'gateway-sqlite': embedded, application, redis } = compose.services;
  const gateways = [gateway!, embedded!];

  it('is one by the specification, and the linter finds nothing in it', () => {
    expect(composeFindings(compose)).toEqual([]);
  });

  it('is held to a specification that knows which fields there are', () => {
    const wrong = { ...gateway!, memory_limit: '768m' };
    expect(composeFindings({ ...compose, services: { ...compose.services, gateway: wrong } })).toEqual([
      expect.stringMatching(/^invalid-schema: .*gateway.*must NOT have additional properties/),
    ]);
  });

  it.each(services)('refers to nothing that does not exist: %s', (_, service) => {
    const mounts = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const files = mounts.filter((source) => source.startsWith('.'));
    const volumes = mounts.filter((source) => !source.startsWith('.'));
    expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(networksOf(service)));
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(service.secrets ?? []));
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
    expect(files.filter((file) => !existsSync(resolve(COMPOSE_FOLDER, file)))).toEqual([]);
  });

  it.each(services)('gives no more than is needed: %s', (_, service) => {
    const privileges = { cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], read_only: true };
    expect(service).toMatchObject(privileges);
    expect(service.user ?? imageOf(service.build?.target ?? '').user).toMatch(/^[1-9]\d+:\d+$/);
    if (!service.build) expect(service.image).toMatch(PINNED_IMAGE);
  });

  it('publishes nothing but the dashboard, and that on this machine alone', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([['grafana', '127.0.0.1:3001:3001']]);
  });

  it('builds an image of the Dockerfile, in the version of the gateway', () => {
    for (const { build, image } of gateways) {
      expect(resolve(COMPOSE_FOLDER, build!.context, build!.dockerfile)).toBe(join(ROOT, 'docker/Dockerfile'));
      expect(stages.map(({ name }) => name)).toContain(build!.target);
      expect(image).toBe(`mintonce/gateway:${json('apps/gateway/package.json')['version']}`);
    }
  });

  it('has one gateway in each profile, and Redis with the one that needs it', () => {
    expect(services.map(([name, { profiles }]) => [name, profiles])).toEqual([
      ['gateway', ['redis']],
      ['gateway-sqlite', ['sqlite']],
      ['application', undefined],
      ['redis', ['redis']],
      ['prometheus', ['monitoring']],
      ['grafana', ['monitoring']],
    ]);
    expect(gateways.map(({ environment }) => environment!['GATEWAY_STORE'])).toEqual(['redis', 'sqlite']);
  });

  it('lets the application reach the gateway by the name that its file knows, and nothing else', () => {
    const { listen } = parse(text('docker/gateway.yaml')) as { listen: { hosts: string[] } };
    expect(listen.hosts).toEqual(['gateway']);
    expect(embedded!.networks).toMatchObject({ callers: { aliases: ['gateway'] } });
    expect(application!.networks).toEqual(['callers']);
    expect(compose.networks['callers']).toEqual({ internal: true });
    for (const one of gateways) expect(networksOf(one)).toEqual(expect.arrayContaining(['callers', 'outside']));
  });

  it('tells of both doors of the gateway', () => {
    const { listen, operations } = parse(text('docker/gateway.yaml')) as Record<string, { port: number }>;
    for (const { expose } of gateways) expect(expose).toEqual([`${listen!.port}`, `${operations!.port}`]);
  });

  it('gives the gateway every folder that it writes to, and the configuration where it looks for it', () => {
    const { PM2_HOME, GATEWAY_STATE_DIR, GATEWAY_CONFIG } = imageOf('gateway').env;
    for (const { tmpfs, volumes } of gateways) {
      expect(tmpfs!.map((mount) => mount.split(':')[0])).toEqual([PM2_HOME, '/tmp']);
      expect(volumes).toEqual([`./gateway.yaml:${GATEWAY_CONFIG}:ro`, `gateway-state:${GATEWAY_STATE_DIR}`]);
    }
  });

  it('waits longer for the gateway to end than PM2 waits for a worker', () => {
    for (const { stop_grace_period } of gateways)
      expect(Number.parseInt(stop_grace_period!) * 1000).toBeGreaterThan(apps[0].kill_timeout);
  });

  it('lets nobody reach Redis but the gateway, and the gateway wait for it', () => {
    expect(redis!.networks).toEqual(['store']);
    expect(compose.networks['store']).toEqual({ internal: true });
    expect(services.filter(([, service]) => networksOf(service).includes('store')).map(([name]) => name)).toEqual([
      'gateway',
      'redis',
    ]);
    expect(gateway!.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    expect(redis!.healthcheck).toBeDefined();
  });

  it('gives Redis a password and a configuration that never drops a token', () => {
    expect(redis!.command!.join()).toContain('requirepass $$(cat /run/secrets/redis_password)');
    expect(redis!.volumes).toContain('./redis.conf:/usr/local/etc/redis/redis.conf:ro');
    expect(text('docker/redis.conf').split('\n')).toEqual(
      expect.arrayContaining(['maxmemory-policy noeviction', 'appendonly yes']),
    );
  });

  it('gives the gateway the password in a file: an environment is kept by PM2 and shown by its commands', () => {
    const { redis: section } = parse(text('docker/gateway.yaml')) as { redis: { host: string; password: string } };
    expect(section).toEqual({ host: 'redis', password: 'file:/run/secrets/redis_password' });
    for (const { command, environment, secrets } of gateways) {
      expect(secrets).toContain('redis_password');
      expect(JSON.stringify([command, environment])).not.toMatch(/_password|_secret\b|REDIS_URL/);
    }
  });

  it('takes its secrets from files that are never committed', () => {
    for (const file of ['.env', ...Object.values(compose.secrets).map((secret) => secret.file)]) {
      const path = relative(ROOT, resolve(COMPOSE_FOLDER, file));
      expect(execFileSync('git', ['check-ignore', path], { cwd: ROOT, encoding: 'utf8' }).trim()).toBe(path);
    }
  });
});
