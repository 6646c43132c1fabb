import { isAbsolute, resolve } from 'node:path';
import { type ConfigProblem } from './config.error.js';
import { isLoopback } from './loopback.js';

/** What the environment says: where to listen, and what differs between machines. */
export interface Environment {
  readonly host: string;
  readonly port: number;
  /** Path of the YAML file. */
  readonly configPath: string;
  /** A `redis://` or `rediss://` URL, or the path of a unix socket. */
  readonly redisUrl?: string;
  /** Folder of what the gateway keeps on disk. */
  readonly stateDir: string;
}

/** Reads the environment; what is wrong with it goes into `problems`. */
export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string, problems: ConfigProblem[]): Environment {
  const { HOST: host = '127.0.0.1', PORT: port = '3000', REDIS_URL: redisUrl, GATEWAY_CONFIG: configPath } = env;
  if (!isLoopback(host)) {
    problems.push({
      path: 'HOST',
      problem: 'must be a loopback address such as 127.0.0.1: whoever reaches the gateway uses its credentials',
    });
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    problems.push({ path: 'PORT', problem: 'must be a number from 0 to 65535' });
  }
  if (!configPath) problems.push({ path: 'GATEWAY_CONFIG', problem: 'is not set; it names the YAML file' });
  if (redisUrl && !isRedisAddress(redisUrl)) {
    problems.push({ path: 'REDIS_URL', problem: 'must be a redis:// or rediss:// URL, or the path of a unix socket' });
  }
  return {
    // `localhost` would be two servers, one per address family.
    host: host === 'localhost' ? '127.0.0.1' : host,
    port: Number(port),
    configPath: resolve(cwd, configPath ?? ''),
    redisUrl: redisUrl || undefined,
    stateDir: resolve(cwd, env.GATEWAY_STATE_DIR || '.mintonce'),
  };
}

function isRedisAddress(value: string): boolean {
  return isAbsolute(value) || (URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol));
}
