import { isAbsolute, resolve } from 'node:path';
import { type ConfigProblem } from './config.error.js';
import { isLoopback } from './loopback.js';

/** The settings of the environment: where to listen, and what differs between machines. */
export interface Environment {
  /** Loopback address to listen on. */
  readonly host: string;
  /** TCP port to listen on; 0 for any free one. */
  readonly port: number;
  /** Path of the YAML file. */
  readonly configPath: string;
  /** A `redis://` or `rediss://` URL, or the path of a unix socket. */
  readonly redisUrl?: string;
  /** The way to the identity provider. */
  readonly proxy: { readonly httpsProxy?: string | undefined; readonly noProxy?: string | undefined };
  /** Folder of the gateway's files. */
  readonly stateDir: string;
}

/** Reads the environment; each variable that is wrong goes into `problems`. */
export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string, problems: ConfigProblem[]): Environment {
  const { HOST: host = '127.0.0.1', PORT: port = '3000', REDIS_URL: redisUrl, GATEWAY_CONFIG: configPath } = env;
  if (!isLoopback(host)) {
    problems.push({
      path: 'HOST',
      problem:
        'must be a loopback address such as 127.0.0.1: every client that reaches the gateway can use its credentials',
    });
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    problems.push({ path: 'PORT', problem: 'must be a number from 0 to 65535' });
  }
  if (!configPath)
    problems.push({ path: 'GATEWAY_CONFIG', problem: 'is not set; set it to the path of the YAML file' });
  if (redisUrl && !isRedisAddress(redisUrl)) {
    problems.push({ path: 'REDIS_URL', problem: 'must be a redis:// or rediss:// URL, or the path of a unix socket' });
  }
  const httpsProxy = env.https_proxy || env.HTTPS_PROXY;
  if (httpsProxy && !isProxy(httpsProxy)) {
    problems.push({ path: 'HTTPS_PROXY', problem: 'must be an http:// or https:// URL' });
  }
  return {
    // `localhost` would make Fastify listen twice, once per address family.
    host: host === 'localhost' ? '127.0.0.1' : host,
    port: Number(port),
    configPath: resolve(cwd, configPath ?? ''),
    redisUrl: redisUrl || undefined,
    proxy: { httpsProxy, noProxy: env.no_proxy || env.NO_PROXY },
    stateDir: resolve(cwd, env.GATEWAY_STATE_DIR || '.mintonce'),
  };
}

function isProxy(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function isRedisAddress(value: string): boolean {
  return isAbsolute(value) || (URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol));
}
