import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Child } from './child.mjs';
import { reasonIn } from './readable.mjs';
import { StartError } from './start-error.mjs';

const READY_MS = 60_000;
/** Above the `kill_timeout` of the ecosystem file. */
const GRACE_MS = 25_000;
const FAILED_TO_BOOT = /App \[gateway:\d+\] exited with code \[[1-9]\d*\]/;
const ONLINE = /App \[gateway:(\d+)\] online/g;
const PM2_LINE = /^(\d{4}-\S+: )?PM2 |^Launching in no daemon mode$/;

/** Starts the gateway's workers, with PM2 in the foreground as their parent. */
export function startGateway({ settings, lock, signal }, demoEnv) {
  if (!existsSync(join(settings.root, 'apps', 'gateway', 'dist', 'main.js'))) {
    throw new StartError('The gateway is not built. Run: npm start');
  }
  const child = new Child('gateway', [pm2Runtime(), 'start', settings.ecosystem], {
    cwd: settings.root,
    signal,
    graceMs: GRACE_MS,
    noise: PM2_LINE,
    env: {
      ...process.env,
      ...demoEnv,
      HOST: settings.host,
      PORT: String(settings.port),
      GATEWAY_CONFIG: settings.configPath,
      GATEWAY_STATE_DIR: settings.stateDirectory,
      PM2_HOME: join(lock.temporaryDirectory, 'pm2'),
      TMPDIR: lock.temporaryDirectory,
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_KILL_SIGNAL: 'SIGTERM',
    },
  });
  lock.add(child);
  return Object.assign(child, { ready: () => ready(child, settings) });
}

function pm2Runtime() {
  return createRequire(import.meta.url).resolve('pm2/bin/pm2-runtime');
}

/** Waits until every worker is online and the gateway is ready; then shows its output. */
async function ready(child, { url, workers }) {
  await child.until(async (output) => {
    // PM2 would restart the worker for ever, with the same configuration.
    if (FAILED_TO_BOOT.test(output)) throw new StartError(`The gateway did not start.\n${onceEach(child.report())}`);
    return onlineWorkers(output) >= workers && (await answers(`${url}/health/ready`));
  }, READY_MS);
  child.show();
}

function onlineWorkers(output) {
  return new Set(Array.from(output.matchAll(ONLINE), ([, id]) => id)).size;
}

/** The reasons, each once: every worker prints the same error. */
function onceEach(report) {
  return [...new Set(report.split('\n').map(reasonIn))].join('\n').trim();
}

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
