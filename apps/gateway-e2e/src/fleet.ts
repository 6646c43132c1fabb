import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  type NodeProcess,
  type Pm2,
  type RedisServer,
  startNode,
  startPm2,
  startRedis,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { stringify } from 'yaml';
import { IdentityProvider } from './identity-provider.js';
import { Upstream } from './upstream.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const WORKERS = 4;
const CLIENT_SECRET = 'end-to-end-secret';

export interface FleetOptions {
  store: 'redis' | 'sqlite' | 'memory';
  policy?: Record<string, unknown>;
  /** @defaultValue 4 */
  workers?: number;
  /** Integrations, each with the client of the identity provider that it is. @defaultValue `demo` */
  integrations?: Readonly<Record<string, Client>>;
  /** More arguments for the Redis server. */
  redisArgs?: readonly string[];
  /** Puts something between the gateway and what listens on that port; answers the port to connect to instead. */
  via?: (to: 'redis' | 'upstream', port: number) => Promise<number>;
}

export interface Client {
  readonly clientId: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post';
}

const DEMO: Readonly<Record<string, Client>> = { demo: { clientId: 'demo', clientAuth: 'client_secret_basic' } };

/** The gateway under PM2 with its store, a real identity provider and an upstream that checks tokens with it. */
export interface Fleet {
  readonly url: string;
  readonly idp: IdentityProvider;
  readonly upstream: Upstream;
  readonly pm2: Pm2;
  readonly demo: NodeProcess;
  readonly redis?: RedisServer;
  stop(): Promise<void>;
}

/** Starts everything on free ports; what was started is stopped again if something does not start. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { store, workers = WORKERS, redisArgs = [], via = (_to, port) => Promise.resolve(port) } = options;
  const directory = temporaryDirectory();
  const started: { stop(): Promise<unknown> }[] = [{ stop: async () => directory.remove() }];
  const stop = async (): Promise<void> => {
    for (const part of started.reverse()) await part.stop();
  };
  try {
    const demo = await startDemo();
    started.push(demo);
    const { issuer, upstream } = readyLine(demo);
    const redis = store === 'redis' ? await startRedis({ args: redisArgs }) : undefined;
    if (redis) started.push(redis);

    const config = join(directory.path, 'gateway.yaml');
    const reached = new URL(upstream);
    reached.port = String(await via('upstream', Number(reached.port)));
    writeFileSync(config, stringify(configuration({ ...options, issuer, upstream: reached.origin })));
    const redisPort = redis && (await via('redis', redis.port));
    const port = await freePort();
    const pm2 = await startPm2({
      ecosystem: join(ROOT, 'ecosystem.config.cjs'),
      env: {
        PORT: String(port),
        GATEWAY_CONFIG: config,
        GATEWAY_WORKERS: String(workers),
        GATEWAY_STATE_DIR: directory.path,
        REDIS_URL: redisPort ? `redis://127.0.0.1:${redisPort}` : '',
        CLIENT_SECRET,
      },
    });
    started.push(pm2);
    const url = `http://127.0.0.1:${port}`;
    await waitFor(async () => (await fetch(`${url}/health/ready`)).ok, { description: 'the gateway to be ready' });
    return {
      url,
      idp: new IdentityProvider(issuer),
      upstream: new Upstream(upstream),
      pm2,
      demo,
      ...(redis && { redis }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startDemo(): Promise<NodeProcess> {
  return startNode(join(ROOT, 'apps/demo/dist/main.js'), {
    env: { IDP_PORT: '0', UPSTREAM_PORT: '0', DEMO_CLIENT_SECRET: CLIENT_SECRET },
    readyWhen: /"ready":true/,
  });
}

function readyLine(demo: NodeProcess): { issuer: string; upstream: string } {
  const line = demo
    .output()
    .split('\n')
    .find((printed) => printed.includes('"ready":true'));
  return JSON.parse(line ?? '');
}

function configuration(options: FleetOptions & { issuer: string; upstream: string }): object {
  const { store, policy = {}, integrations = DEMO, issuer, upstream } = options;
  const shared = { grant: 'client_credentials', issuer, clientSecret: '${CLIENT_SECRET}', scope: ['api:read'] };
  const entries = Object.entries(integrations).map(([name, client]): [string, object] => [
    name,
    { upstream, token: { ...shared, ...client, allowInsecureRequests: true }, policy },
  ]);
  return { store, integrations: Object.fromEntries(entries) };
}
