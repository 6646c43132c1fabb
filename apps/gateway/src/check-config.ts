import { MemoryTokenStore, TokenClient } from '@mintonce/token-cache';
import { rethrowAsConfigError } from './config/config.error.js';
import { type GatewayConfig, loadConfig } from './config/load-config.js';
import { policyPathOf } from './config/policy-path.js';
import { clusterClient, redisClient } from './tokens/redis-options.js';
import { tokenCacheOptions } from './tokens/tokens.module.js';

/**
 * Checks all that is checked at the start, and connects to nothing.
 *
 * @throws ConfigError naming every field that is wrong
 */
export async function checkConfig(env: NodeJS.ProcessEnv, cwd: string): Promise<GatewayConfig> {
  const config = loadConfig(env, cwd);
  if (config.redis) (config.redis.address.kind === 'cluster' ? clusterClient : redisClient)(config.redis);
  try {
    await new TokenClient(tokenCacheOptions(config, new MemoryTokenStore())).close();
  } catch (error) {
    rethrowAsConfigError(error, policyPathOf);
  }
  return config;
}
