import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startNode, waitFor } from '@mintonce/test-support';
import { type Bench } from '../harness/row.js';
import { answers, type Proxy } from './proxy.js';

const MAIN = fileURLToPath(new URL('../../../gateway/dist/main.js', import.meta.url));

/** One worker of the gateway, with all that it does by default: metrics, headers, checks of the answer. */
export async function startGateway(
  { directory, redisUrl, running }: Bench,
  store: 'redis' | 'sqlite',
  upstream: string,
): Promise<Proxy> {
  const cwd = join(directory, store);
  mkdirSync(cwd);
  const port = await freePort();
  const token = {
    grant: 'client_credentials',
    tokenEndpoint: `${upstream}token`,
    clientId: 'benchmark',
    clientSecret: 'secret',
    allowInsecureRequests: true,
  };
  writeFileSync(join(cwd, 'gateway.yaml'), JSON.stringify({ store, integrations: { api: { upstream, token } } }));
  const env = { GATEWAY_CONFIG: 'gateway.yaml', PORT: String(port), ...(store === 'redis' && { REDIS_URL: redisUrl }) };
  const node = running.add(await startNode(MAIN, { cwd, env }));
  const url = `http://127.0.0.1:${port}/proxy/api/`;
  await waitFor(() => answers(url), { description: `the gateway on ${store}` });
  return { name: `gateway on ${store === 'redis' ? 'Redis' : 'SQLite'}`, role: 'ours', url, pid: node.pid };
}
