import { type TokenSource } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { rethrowAsConfigError } from '../config/config.error.js';
import { type TokenConfig } from '../config/config.schema.js';
import { type Secret } from '../config/secret.js';

/**
 * Makes the token source that the `token` section of integration `name` describes.
 *
 * @throws ConfigError naming the field by its path in the file
 */
export function tokenSourceOf(name: string, { grant: _, ...options }: TokenConfig, clientSecret: Secret): TokenSource {
  try {
    return clientCredentials({ ...options, clientSecret });
  } catch (error) {
    rethrowAsConfigError(error, (field) => `integrations.${name}.token.${field}`);
  }
}
