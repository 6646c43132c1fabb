import { dirname, join, resolve } from 'node:path';
import { type EncryptionKey } from '@mintonce/token-cache';
import { ConfigError, type ConfigProblem } from './config.error.js';
import { type AccessConfig } from './access.schema.js';
import { checkAccess } from './check-access.js';
import { type ConfigFile } from './config.schema.js';
import { type Door, resolveDoors } from './doors.js';
import { type Environment, readEnvironment } from './environment.js';
import { resolveEncryption } from './encryption.js';
import { type Integration, resolveIntegration } from './integration.js';
import { type Limits } from './limits.js';
import { DEFAULT_LOG, type LogConfig } from './log.schema.js';
import { parseConfig } from './parse-config.js';
import { type RedisConfig, redisFromUrl, resolveRedis } from './redis/redis-config.js';
import { redisUrlProblem } from './redis/redis.schema.js';
import { fileProblemOf, readTextFile } from './secret-file.js';

/** Enough for tens of thousands of integrations. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The whole configuration, checked and with every default filled in, except the policy, which the library resolves. */
export interface GatewayConfig
  extends Omit<Environment, 'configPath' | 'stateDir' | 'redisUrl' | 'host' | 'port'>, Door {
  readonly store: 'redis' | 'sqlite' | 'memory';
  readonly sqlitePath: string;
  /** Present with the store `redis`. */
  readonly redis?: RedisConfig;
  /** The first key seals tokens in the store, all of them open. @defaultValue tokens lie in the store as they are */
  readonly encryption?: readonly EncryptionKey[];
  readonly policy: NonNullable<ConfigFile['policy']>;
  readonly integrations: ReadonlyMap<string, Integration>;
  /** In lower case. */
  readonly allowedHosts: ReadonlySet<string>;
  /** @defaultValue `DEFAULT_LIMITS` */
  readonly limits?: Limits;
  readonly log: LogConfig;
  readonly drainTimeoutMs: number;
  /** The file that all this comes from, to tell what has changed in a later one. */
  readonly file: ConfigFile;
  /** The door for monitoring and operators, if it is not the one for callers. */
  readonly operations?: Door;
  /** Who may call; absent if everybody on this machine may. */
  readonly access?: AccessConfig;
}

/**
 * Reads the environment and the YAML file that it names.
 *
 * @throws ConfigError naming every field that is wrong
 */
export function loadConfig(env: NodeJS.ProcessEnv, cwd: string): GatewayConfig {
  const problems: ConfigProblem[] = [];
  const environment = readEnvironment(env, cwd, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const file = parseConfig(readConfigFile(environment.configPath), env);
  const directory = dirname(environment.configPath);
  const store = file.store ?? (environment.redisUrl || file.redis ? 'redis' : 'sqlite');
  const redis = store === 'redis' ? redisOf(environment, file, directory, problems) : undefined;
  const encryption = file.encryption && resolveEncryption(file.encryption, directory, problems);
  const integrations = new Map(
    Object.entries(file.integrations).map(([name, integration]) => [
      name,
      resolveIntegration(name, integration, directory, problems),
    ]),
  );
  const doors = resolveDoors(environment, file, directory, problems);
  checkAccess(file.access, new Set(integrations.keys()), problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...doors.main,
    operations: doors.operations,
    access: file.access,
    outbound: environment.outbound,
    store,
    sqlitePath: file.sqlite ? resolve(cwd, file.sqlite.path) : join(environment.stateDir, 'tokens.sqlite'),
    redis,
    encryption,
    policy: file.policy ?? {},
    integrations,
    allowedHosts: new Set([...file.allowedHosts, ...(file.listen?.hosts ?? [])]),
    limits: file.limits,
    logLevel: environment.logLevel,
    log: file.log ?? DEFAULT_LOG,
    drainTimeoutMs: file.drainTimeoutMs,
    file,
  };
}

function redisOf(
  { redisUrl }: Environment,
  { redis }: ConfigFile,
  directory: string,
  problems: ConfigProblem[],
): RedisConfig | undefined {
  if (redisUrl) {
    const problem = redisUrlProblem(redisUrl);
    if (problem) problems.push({ path: 'REDIS_URL', problem });
    return problem ? undefined : redisFromUrl(redisUrl);
  }
  if (redis) return resolveRedis(redis, directory, problems);
  const problem = 'redis needs REDIS_URL or the section redis; give one of them, or choose another store';
  problems.push({ path: 'store', problem });
  return undefined;
}

/** @throws ConfigError when it cannot be read */
export function readConfigFile(path: string): string {
  try {
    return readTextFile(path, MAX_FILE_BYTES);
  } catch (error) {
    throw new ConfigError([{ path: 'GATEWAY_CONFIG', problem: `names ${path}, which ${fileProblemOf(error)}` }]);
  }
}
