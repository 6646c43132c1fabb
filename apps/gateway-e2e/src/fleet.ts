import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  type Pm2,
  type RedisServer,
  startPm2,
  startRedis,
  startTogether,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { type DemoProcess, startDemo } from '@mintonce/demo';
import { stringify } from 'yaml';

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
  /** Added to the environment of PM2, and so of the workers. */
  env?: NodeJS.ProcessEnv;
  /** More sections of the gateway's file. */
  file?: Readonly<Record<string, unknown>>;
  /** Address to listen on. @defaultValue 127.0.0.1 */
  host?: string;
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
  readonly idp: DemoProcess['idp'];
  readonly upstream: DemoProcess['upstream'];
  readonly pm2: Pm2;
  readonly demo: DemoProcess;
  readonly redis?: RedisServer;
  stop(): Promise<void>;
}

/** Starts everything on free ports. */
export function startFleet(options: FleetOptions): Promise<Fleet> {
  const { store, workers = WORKERS, redisArgs = [], via = (_to, port) => Promise.resolve(port) } = options;
  return startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const demo = running.add(await startDemo({ clientSecret: CLIENT_SECRET }));
    const { idp, upstream } = demo;
    const redis = store === 'redis' ? running.add(await startRedis({ args: redisArgs })) : undefined;

    const config = join(directory.path, 'gateway.yaml');
    const reached = new URL(upstream.url);
    reached.port = String(await via('upstream', Number(reached.port)));
    writeFileSync(config, stringify(configuration({ ...options, issuer: idp.issuer, upstream: reached.origin })));
    const redisPort = redis && (await via('redis', redis.port));
    const port = await freePort();
    const env = {
      ...options.env,
      HOST: options.host ?? '127.0.0.1',
      PORT: String(port),
      GATEWAY_CONFIG: config,
      GATEWAY_WORKERS: String(workers),
      GATEWAY_STATE_DIR: directory.path,
      REDIS_URL: redisPort ? `redis://127.0.0.1:${redisPort}` : '',
      CLIENT_SECRET,
    };
    const pm2 = running.add(await startPm2({ ecosystem: join(ROOT, 'ecosystem.config.cjs'), env }));
    const url = `http://127.0.0.1:${port}`;
    await waitFor(async () => (await fetch(`${url}/health/ready`)).ok, { description: 'the gateway to be ready' });
    return { url, idp, upstream, pm2, demo, ...(redis && { redis }), stop: () => running.stop() };
  });
}

function configuration(options: FleetOptions & { issuer: string; upstream: string }): object {
  const { store, policy = {}, integrations = DEMO, file = {}, issuer, upstream } = options;
  const shared = { grant: 'client_credentials', issuer, clientSecret: '${CLIENT_SECRET}', scope: ['api:read'] };
  const entries = Object.entries(integrations).map(([name, client]): [string, object] => [
    name,
    { upstream, token: { ...shared, ...client, allowInsecureRequests: true }, policy },
  ]);
  return { store, integrations: Object.fromEntries(entries), ...file };
}
