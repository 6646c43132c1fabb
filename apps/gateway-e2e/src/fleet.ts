import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

export const ROOT = resolve(__dirname, '../../..');
export const WORKERS = 4;
const CLIENT_SECRET = 'end-to-end-secret';

export interface FleetOptions {
  store: 'redis' | 'sqlite' | 'memory';
  policy?: Record<string, unknown>;
}

/** The gateway under PM2 with its store, a real identity provider and an upstream that checks tokens with it. */
export interface Fleet {
  readonly url: string;
  readonly idp: IdentityProvider;
  readonly upstream: Upstream;
  readonly pm2: Pm2;
  readonly redis?: RedisServer;
  stop(): Promise<void>;
}

/** Starts everything on free ports; what was started is stopped again if something does not start. */
export async function startFleet({ store, policy = {} }: FleetOptions): Promise<Fleet> {
  const directory = temporaryDirectory();
  const started: { stop(): Promise<unknown> }[] = [{ stop: async () => directory.remove() }];
  const stop = async (): Promise<void> => {
    for (const part of started.reverse()) await part.stop();
  };
  try {
    const demo = await startDemo();
    started.push(demo);
    const { issuer, upstream } = readyLine(demo);
    const redis = store === 'redis' ? await startRedis() : undefined;
    if (redis) started.push(redis);

    const config = join(directory.path, 'gateway.yaml');
    writeFileSync(config, stringify(configuration({ store, policy, issuer, upstream })));
    const port = await freePort();
    const pm2 = await startPm2({
      ecosystem: join(ROOT, 'ecosystem.config.cjs'),
      env: {
        PORT: String(port),
        GATEWAY_CONFIG: config,
        GATEWAY_WORKERS: String(WORKERS),
        GATEWAY_STATE_DIR: directory.path,
        REDIS_URL: redis?.url ?? '',
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

function configuration({
  store,
  policy,
  issuer,
  upstream,
}: FleetOptions & { issuer: string; upstream: string }): object {
  return {
    store,
    integrations: {
      demo: {
        upstream,
        token: {
          grant: 'client_credentials',
          issuer,
          clientId: 'demo',
          clientSecret: '${CLIENT_SECRET}',
          scope: ['api:read'],
          allowInsecureRequests: true,
        },
        policy,
      },
    },
  };
}
