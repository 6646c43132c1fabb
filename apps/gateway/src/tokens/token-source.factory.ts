import { TokenConfigError, type TokenSource } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { ConfigError } from '../config/config.error.js';
import { type TokenConfig } from '../config/config.schema.js';
import { type Secret } from '../config/secret.js';

/**
 * The source that an integration's `token` section describes.
 *
 * @throws ConfigError naming the field by its path in the file
 */
export function tokenSourceOf(name: string, { grant: _, ...options }: TokenConfig, clientSecret: Secret): TokenSource {
  try {
    return clientCredentials({ ...options, clientSecret });
  } catch (error) {
    if (!(error instanceof TokenConfigError)) throw error;
    const problem = error.message.slice(error.field.length).trim();
    throw new ConfigError([{ path: `integrations.${name}.token.${error.field}`, problem }]);
  }
}
