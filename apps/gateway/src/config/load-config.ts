import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, type ConfigProblem } from './config.error.js';
import { type AccessConfig } from './access.schema.js';
import { checkAccess } from './check-access.js';
import { type ConfigFile } from './config.schema.js';
import { type Door, resolveDoors } from './doors.js';
import { type Environment, readEnvironment } from './environment.js';
import { type Integration, resolveIntegration } from './integration.js';
import { type Limits } from './limits.js';
import { parseConfig } from './parse-config.js';

/** The whole configuration, checked and with every default filled in, except the policy, which the library resolves. */
export interface GatewayConfig extends Omit<Environment, 'configPath' | 'stateDir' | 'host' | 'port'>, Door {
  readonly store: 'redis' | 'sqlite' | 'memory';
  readonly sqlitePath: string;
  readonly policy: NonNullable<ConfigFile['policy']>;
  readonly integrations: ReadonlyMap<string, Integration>;
  /** In lower case. */
  readonly allowedHosts: ReadonlySet<string>;
  /** @defaultValue `DEFAULT_LIMITS` */
  readonly limits?: Limits;
  readonly drainTimeoutMs: number;
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
  const store = file.store ?? (environment.redisUrl ? 'redis' : 'sqlite');
  if (store === 'redis' && !environment.redisUrl)
    problems.push({ path: 'store', problem: 'redis needs REDIS_URL; set it, or choose another store' });
  const directory = dirname(environment.configPath);
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
    redisUrl: environment.redisUrl,
    outbound: environment.outbound,
    store,
    sqlitePath: file.sqlite ? resolve(cwd, file.sqlite.path) : join(environment.stateDir, 'tokens.sqlite'),
    policy: file.policy ?? {},
    integrations,
    allowedHosts: new Set([...file.allowedHosts, ...(file.listen?.hosts ?? [])]),
    limits: file.limits,
    drainTimeoutMs: file.drainTimeoutMs,
  };
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([
      {
        path: 'GATEWAY_CONFIG',
        problem: `names ${path}, which cannot be read (${code}); check its path and permissions`,
      },
    ]);
  }
}
