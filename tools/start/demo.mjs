import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.mjs';
import { freeOrAny } from './ports.mjs';
import { StartError } from './start-error.mjs';

const HOST = '127.0.0.1';
const READY_MS = 30_000;

/** The identity provider and the upstream that the demo's configuration of the gateway refers to. */
export async function startDemo({ settings: { root }, lock, signal }) {
  const main = join(root, 'apps', 'demo', 'dist', 'main.js');
  if (!existsSync(main)) throw new StartError('The demo is not built. Run: npm start');
  const env = {
    ...process.env,
    HOST,
    IDP_PORT: process.env.IDP_PORT || String(await freeOrAny(HOST, 4000)),
    UPSTREAM_PORT: process.env.UPSTREAM_PORT || String(await freeOrAny(HOST, 4001)),
    // To the gateway another secret is another provider, and rightly so: this one remembers no token of the last run.
    DEMO_CLIENT_SECRET: process.env.DEMO_CLIENT_SECRET || randomUUID(),
  };
  const child = new Child('demo', [main], { cwd: root, env, signal, graceMs: 5_000 });
  lock.add(child);
  return Object.assign(child, { ready: () => ready(child, env.DEMO_CLIENT_SECRET) });
}

/** Answers with the environment that the gateway needs. */
async function ready(child, secret) {
  const [line] = await child.until((output) => /^\{"ready".*\}$/m.exec(output), READY_MS);
  const { issuer, upstream } = JSON.parse(line);
  child.discard();
  return { DEMO_ISSUER: issuer, DEMO_UPSTREAM: upstream, DEMO_CLIENT_SECRET: secret };
}
