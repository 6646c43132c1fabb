import { ConfigError } from './config/config.error.js';
import { explainConfig } from './config/line-of.js';
import { readConfigFile } from './config/load-config.js';

/** What to do about an error that ends the process, or keeps it from a new configuration. */
export function explain(error: unknown, env: NodeJS.ProcessEnv): string {
  if (error instanceof ConfigError) return explainConfig(error, env.GATEWAY_CONFIG ?? '', configText(env));
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `PORT: ${port} is already in use; choose another (PORT, listen.port or operations.port), or stop the process that listens on it`;
  return error.stack ?? error.message;
}

/** For the numbers of its lines. */
function configText(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return readConfigFile(env.GATEWAY_CONFIG ?? '');
  } catch {
    return undefined;
  }
}
