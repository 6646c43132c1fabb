import { isAbsolute, resolve } from 'node:path';
import { DEFAULT_LOG_LEVEL, LOG_LEVELS, type LogLevel, logLevelOf } from '../log/log-level.js';
import { type ConfigProblem } from './config.error.js';

/** The settings of the environment: where to listen, and what differs between machines. */
export interface Environment {
  /** From `HOST`: the address to listen on. */
  readonly host?: string;
  /** From `PORT`: the TCP port to listen on; 0 for any free one. */
  readonly port?: number;
  /** Path of the YAML file. */
  readonly configPath: string;
  /** A `redis://` or `rediss://` URL, or the path of a unix socket. */
  readonly redisUrl?: string;
  /** From `HTTPS_PROXY` and `NO_PROXY`. */
  readonly outbound?: OutboundProxy;
  /** From `LOG_LEVEL`: lines of a lower level are not written. */
  readonly logLevel: LogLevel;
  /** Folder of the gateway's files. */
  readonly stateDir: string;
}

/** The proxy through which https upstreams and identity providers are connected to. */
export interface OutboundProxy {
  /** `http://` or `https://` URL, which may hold credentials. */
  readonly url: string;
  /** Hosts that are connected to directly, in the form of `NO_PROXY`. */
  readonly except: string;
}

/** Reads the environment; each variable that is wrong goes into `problems`. */
export function readEnvironment(env: NodeJS.ProcessEnv, cwd: string, problems: ConfigProblem[]): Environment {
  const { HOST: host, PORT: port, REDIS_URL: redisUrl, GATEWAY_CONFIG: configPath } = env;
  if (port && (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)) {
    problems.push({ path: 'PORT', problem: 'must be a number from 0 to 65535' });
  }
  if (!configPath)
    problems.push({ path: 'GATEWAY_CONFIG', problem: 'is not set; set it to the path of the YAML file' });
  if (redisUrl && !isRedisAddress(redisUrl)) {
    problems.push({ path: 'REDIS_URL', problem: 'must be a redis:// or rediss:// URL, or the path of a unix socket' });
  }
  const outbound = outboundProxy(env);
  if (outbound && !isProxyUrl(outbound.url)) {
    problems.push({ path: 'HTTPS_PROXY', problem: 'must be an http:// or https:// URL of a proxy' });
  }
  const logLevel = env.LOG_LEVEL ? logLevelOf(env.LOG_LEVEL) : DEFAULT_LOG_LEVEL;
  if (!logLevel) problems.push({ path: 'LOG_LEVEL', problem: `must be one of ${LOG_LEVELS.join(', ')}` });
  return {
    host: host || undefined,
    port: port ? Number(port) : undefined,
    configPath: resolve(cwd, configPath ?? ''),
    redisUrl: redisUrl || undefined,
    outbound,
    logLevel: logLevel ?? DEFAULT_LOG_LEVEL,
    stateDir: resolve(cwd, env.GATEWAY_STATE_DIR || '.mintonce'),
  };
}

/** The names in lower case count first, as with curl. */
function outboundProxy(env: NodeJS.ProcessEnv): OutboundProxy | undefined {
  const url = env.https_proxy ?? env.HTTPS_PROXY;
  return url ? { url, except: env.no_proxy ?? env.NO_PROXY ?? '' } : undefined;
}

function isProxyUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function isRedisAddress(value: string): boolean {
  return isAbsolute(value) || (URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol));
}
