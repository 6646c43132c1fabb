import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartError } from './start-error.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEMO_CONFIG = join(ROOT, 'apps', 'demo', 'gateway.yaml');

/**
 * The settings of the environment, with the defaults of `npm start`.
 *
 * @throws StartError naming the variable that is invalid
 */
export function readSettings(env) {
  const host = env.HOST || '127.0.0.1';
  const port = readPort(env.PORT || '3000');
  const configPath = resolve(env.GATEWAY_CONFIG || DEMO_CONFIG);
  const redisUrl = env.REDIS_URL;
  return {
    root: ROOT,
    stateDirectory: resolve(ROOT, env.GATEWAY_STATE_DIR || '.mintonce'),
    ecosystem: join(ROOT, 'ecosystem.config.cjs'),
    workers: readWorkers(),
    host,
    port,
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    configPath,
    isDemo: configPath === DEMO_CONFIG,
    store: storeIn(configPath) ?? (redisUrl ? 'redis' : 'sqlite'),
    redisUrl,
  };
}

/** The store that the file names, for the message only: the gateway parses the file itself. */
function storeIn(configPath) {
  try {
    const text = readFileSync(configPath, 'utf8');
    return /^store:\s*(\w+)/m.exec(text)?.[1] ?? (/^redis:/m.test(text) ? 'redis' : undefined);
  } catch (error) {
    throw new StartError(`GATEWAY_CONFIG: cannot read ${configPath} (${error.code}); check its path and permissions`);
  }
}

function readPort(value) {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new StartError(`PORT: must be a number from 1 to 65535, not "${value}"`);
}

function readWorkers() {
  try {
    return createRequire(import.meta.url)(join(ROOT, 'ecosystem.config.cjs')).apps[0].instances;
  } catch (error) {
    throw new StartError(error.message);
  }
}
