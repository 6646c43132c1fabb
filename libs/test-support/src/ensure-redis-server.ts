import { tryAptInstall } from './apt-package.js';
import { redisServerBin } from './redis-server-bin.js';

export const REDIS_IS_MISSING = `The tests need a Redis server, and none was found. Any of these will do:
  Debian, Ubuntu   sudo apt-get install redis-server
  macOS            brew install redis
  elsewhere        put redis-server or valkey-server on the PATH, or its path in REDIS_SERVER_BIN`;

/**
 * The Redis server for the tests, installed first where that is possible (Debian and its kin, as root).
 *
 * @throws Error that says what to install, when there is none and none can be installed.
 */
export function ensureRedisServer(env: NodeJS.ProcessEnv = process.env): string {
  const found = redisServerBin(env);
  if (found) return found;
  tryAptInstall('redis-server', env);
  const installed = redisServerBin(env);
  if (!installed) throw new Error(REDIS_IS_MISSING);
  return installed;
}
