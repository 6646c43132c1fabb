import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The Redis server for the tests: `REDIS_SERVER_BIN`, else `redis-server` or `valkey-server` on the PATH.
 *
 * @throws Error when `REDIS_SERVER_BIN` names no executable file.
 */
export function redisServerBin(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const configured = env['REDIS_SERVER_BIN'];
  if (!configured) return onPath('redis-server', env) ?? onPath('valkey-server', env);
  if (!isExecutable(configured)) throw new Error(`REDIS_SERVER_BIN is not an executable file: ${configured}`);
  return configured;
}

export function onPath(command: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const directories = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return directories.map((directory) => join(directory, command)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
