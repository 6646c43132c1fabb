import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.mjs';
import { freeOrAny } from './ports.mjs';
import { StartError } from './start-error.mjs';

const HOST = '127.0.0.1';
const READY_MS = 30_000;

/** Starts the identity provider and the upstream of the demo's gateway.yaml. */
export async function startDemo({ settings: { root }, lock, signal }) {
  const main = join(root, 'apps', 'demo', 'dist', 'main.js');
  if (!existsSync(main)) throw new StartError('The demo is not built. Run: npm start');
  const env = {
    ...process.env,
    HOST,
    IDP_PORT: process.env.IDP_PORT || String(await freeOrAny(HOST, 4000)),
    UPSTREAM_PORT: process.env.UPSTREAM_PORT || String(await freeOrAny(HOST, 4001)),
    // A new secret makes the gateway mint anew: the identity provider of this run does not know the tokens of the last one.
    DEMO_CLIENT_SECRET: process.env.DEMO_CLIENT_SECRET || randomUUID(),
  };
  const child = new Child('demo', [main], { cwd: root, env, signal, graceMs: 5_000 });
  lock.add(child);
  return Object.assign(child, { ready: () => ready(child, env.DEMO_CLIENT_SECRET) });
}

/** Waits until the demo is ready, and gives the environment that the gateway needs. */
async function ready(child, secret) {
  const [line] = await child.until((output) => /^\{"ready".*\}$/m.exec(output), READY_MS);
  const { issuer, upstream } = JSON.parse(line);
  child.discard();
  return { DEMO_ISSUER: issuer, DEMO_UPSTREAM: upstream, DEMO_CLIENT_SECRET: secret };
}
