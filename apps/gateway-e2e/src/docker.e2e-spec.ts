import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import dockerignore from '@balena/dockerignore';
import { type Arg, type Cmd, type Copy, type Env, Keyword, type Label, type PropertyInstruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { COMPOSE_FOLDER, readCompose } from './compose.js';
import { argumentsOf, instructionsOf, sourcesOf, type Stage, stagesOf } from './dockerfile.js';
import { ROOT } from './fleet.js';

const TARGETS = ['gateway', 'gateway-nopm2'];
const PINNED_IMAGE = /^[\w./-]+:\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/;

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const json = (path: string) => JSON.parse(text(path)) as Record<string, never>;
const stages = stagesOf(text('docker/Dockerfile'));
const ignored = dockerignore.default().add(text('.dockerignore'));
const pairsOf = (instructions: PropertyInstruction[]) =>
  Object.fromEntries(
    instructions.flatMap((one) => one.getProperties()).map((pair) => [pair.getName(), pair.getValue()]),
  );
const envOf = (target: string) => pairsOf(instructionsOf<Env>(target, Keyword.ENV, stages));
const userOf = (target: string) => instructionsOf(target, Keyword.USER, stages).at(-1)?.getArgumentsContent();
const commandOf = (target: string) =>
  instructionsOf<Cmd>(target, Keyword.CMD, stages)
    .at(-1)
    ?.getJSONStrings()
    .map((word) => word.getJSONValue());
const { apps } = createRequire(__filename)(join(ROOT, 'ecosystem.config.cjs')) as {
  apps: [{ kill_timeout: number; script: string }];
};

function copiesOf({ instructions }: Stage): ReturnType<typeof sourcesOf>[] {
  return instructions.filter((one) => one.getKeyword() === Keyword.COPY).map((copy) => sourcesOf(copy as Copy));
}

/** What the gateway itself would do without a word from the image. */
function gatewayEnvironment(env: object): { host: string; port: number; problems: { path: string }[] } {
  const config = pathToFileURL(join(ROOT, 'apps/gateway/dist/config/')).href;
  const script = `const { readEnvironment } = await import('${config}environment.js');
    const { resolveDoors } = await import('${config}doors.js');
    const problems = [];
    const environment = readEnvironment(${JSON.stringify(env)}, '/', problems);
    console.log(JSON.stringify({ ...resolveDoors(environment, {}, '/', problems).main, problems }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

/** The exit code of the health check of an image, with a gateway on that port. */
async function healthCheck(target: string, port: number): Promise<number | null> {
  const [instruction] = instructionsOf(target, Keyword.HEALTHCHECK, stages);
  const command = /\[.*\]$/.exec(instruction?.getArgumentsContent() ?? '')?.[0] ?? '[]';
  const [program = '', ...args] = JSON.parse(command) as string[];
  const child = spawn(program, args, { env: { ...process.env, PORT: String(port) }, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
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
    expect(envOf('gateway')).toMatchObject({
      NODE_ENV: 'production',
      PM2_HOME: '/run/pm2',
      PM2_KILL_SIGNAL: 'SIGTERM',
      PM2_DISABLE_VERSION_CHECK: 'true',
    });
  });

  it('runs the ecosystem file of the workspace, which finds the gateway where it is copied to', () => {
    expect(commandOf('gateway')).toEqual(['pm2-runtime', 'start', 'ecosystem.config.cjs']);
    expect(commandOf('gateway-nopm2')).toEqual(['node', apps[0].script]);
  });

  describe.each(TARGETS)('for the target %s', (target) => {
    it('ends as a user without privileges', () => {
      expect(userOf(target)).toBe('10001:10001');
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

    it('checks that the gateway is alive', async () => {
      let status = 200;
      const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await expect(healthCheck(target, port)).resolves.toBe(0);
      status = 503;
      await expect(healthCheck(target, port)).resolves.toBe(1);
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await expect(healthCheck(target, port)).resolves.toBe(1);
    });

    it('agrees with the defaults of the gateway, and exposes no port that nobody could reach', () => {
      const { HOST, PORT, GATEWAY_CONFIG } = envOf(target);
      const loopback = { host: '127.0.0.1', port: Number(PORT), problems: [] };
      expect(gatewayEnvironment({ GATEWAY_CONFIG })).toEqual(loopback);
      // A variable would win over `listen.host` of the file.
      expect(HOST).toBeUndefined();
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
  const { gateway, redis } = compose.services as Required<typeof compose.services>;

  it.each(services)('refers to nothing that does not exist: %s', (_, service) => {
    const networks = service.networks ?? [];
    const mounts = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const files = mounts.filter((source) => source.startsWith('.'));
    const volumes = mounts.filter((source) => !source.startsWith('.'));
    expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(networks));
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(service.secrets ?? []));
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(service.depends_on ?? {})));
    expect(files.filter((file) => !existsSync(resolve(COMPOSE_FOLDER, file)))).toEqual([]);
  });

  it.each(services)('gives no more than is needed: %s', (_, service) => {
    const privileges = { cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], read_only: true };
    expect(service).toMatchObject(privileges);
    expect(service.ports).toBeUndefined();
    expect(service.user ?? userOf(service.build?.target ?? '')).toMatch(/^[1-9]\d+:\d+$/);
    if (!service.build) expect(service.image).toMatch(PINNED_IMAGE);
  });

  it('builds an image of the Dockerfile, in the version of the gateway', () => {
    const { context, dockerfile, target } = gateway!.build!;
    expect(resolve(COMPOSE_FOLDER, context, dockerfile)).toBe(join(ROOT, 'docker/Dockerfile'));
    expect(stages.map(({ name }) => name)).toContain(target);
    expect(gateway!.image).toBe(`mintonce/gateway:${json('apps/gateway/package.json')['version']}`);
  });

  it('puts the gateway beside the application, on the loopback interface that it listens on', () => {
    expect(gateway!.network_mode).toBe('service:application');
    expect(gateway!.environment).not.toHaveProperty('HOST');
  });

  it('gives the gateway every folder that it writes to, and the configuration where it looks for it', () => {
    const folders = gateway!.tmpfs!.map((mount) => mount.split(':')[0]);
    const { PM2_HOME, GATEWAY_STATE_DIR, GATEWAY_CONFIG } = envOf('gateway');
    expect(folders).toEqual(expect.arrayContaining([PM2_HOME, GATEWAY_STATE_DIR, '/tmp']));
    expect(gateway!.volumes).toEqual([`./gateway.yaml:${GATEWAY_CONFIG}:ro`]);
  });

  it('waits longer for the gateway to end than PM2 waits for a worker', () => {
    expect(Number.parseInt(gateway!.stop_grace_period!) * 1000).toBeGreaterThan(apps[0].kill_timeout);
  });

  it('lets nobody reach Redis but the gateway, and the gateway wait for it', () => {
    expect(redis!.networks!.every((network) => compose.networks[network]?.internal)).toBe(true);
    expect(gateway!.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    expect(redis!.healthcheck).toBeDefined();
  });

  it('gives Redis a password and a configuration that never drops a token', () => {
    expect(redis!.command.join()).toContain('requirepass $$(cat /run/secrets/redis_password)');
    expect(redis!.volumes).toContain('./redis.conf:/usr/local/etc/redis/redis.conf:ro');
    expect(text('docker/redis.conf').split('\n')).toEqual(
      expect.arrayContaining(['maxmemory-policy noeviction', 'appendonly yes']),
    );
  });

  it('gives the gateway the password in a file: an environment is kept by PM2 and shown by its commands', () => {
    const { redis: section } = parse(text('docker/gateway.yaml')) as { redis: { host: string; password: string } };
    expect(section).toEqual({ host: 'redis', password: 'file:/run/secrets/redis_password' });
    expect(gateway!.secrets).toContain('redis_password');
    expect(JSON.stringify([gateway!.command, gateway!.environment])).not.toMatch(/password|REDIS_URL/);
  });

  it('takes its secrets from files that are never committed', () => {
    for (const { file } of Object.values(compose.secrets)) {
      const path = relative(ROOT, resolve(COMPOSE_FOLDER, file));
      expect(execFileSync('git', ['check-ignore', path], { cwd: ROOT, encoding: 'utf8' }).trim()).toBe(path);
    }
  });
});
