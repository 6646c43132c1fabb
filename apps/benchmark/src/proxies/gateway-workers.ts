import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startPm2, waitFor } from '@mintonce/test-support';
import { type Bench } from '../harness/row.js';
import { answers } from './proxy.js';

const ECOSYSTEM = fileURLToPath(new URL('../../../../ecosystem.config.cjs', import.meta.url));

/** Sixteen processes load their modules at once, on as few cores as there are. */
const START_MS = 180_000;

/** So many workers of the gateway under PM2; answers where it listens once they serve. */
export async function startGatewayWorkers(bench: Bench, workers: number, upstream: string): Promise<string> {
  const directory = join(bench.directory, `workers-${workers}`);
  mkdirSync(directory);
  const config = join(directory, 'gateway.yaml');
  const token = {
    grant: 'client_credentials',
    tokenEndpoint: `${upstream}token`,
    clientId: 'benchmark',
    clientSecret: 'secret',
    allowInsecureRequests: true,
  };
  writeFileSync(config, JSON.stringify({ store: 'redis', integrations: { api: { upstream, token } } }));
  const port = await freePort();
  const env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    GATEWAY_CONFIG: config,
    GATEWAY_WORKERS: String(workers),
    GATEWAY_STATE_DIR: directory,
    REDIS_URL: bench.redisUrl,
  };
  bench.running.add(await startPm2({ ecosystem: ECOSYSTEM, env }));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await workersUp(url)) === workers && (await answers(`${url}/proxy/api/item`)), {
    description: `${workers} workers of the gateway`,
    timeoutMs: START_MS,
  });
  return url;
}

async function workersUp(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return [...metrics.matchAll(/^cluster_worker_up\{.*\} 1$/gm)].length;
}
