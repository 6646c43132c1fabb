import { type TokenSource } from '@mintonce/token-cache';
import { clientCredentials, type IdentityProviderFetch } from '@mintonce/token-cache/oauth';
import { ConfigError, rethrowAsConfigError } from '../config/config.error.js';
import { type TokenSection } from '../config/integration.js';

/**
 * Makes the token source that the `token` section of integration `name` describes.
 *
 * @param fetch the way to the identity provider, if not the library's own
 * @throws ConfigError naming the field by its path in the file
 */
export function tokenSourceOf(
  name: string,
  { grant: _, tls: __, ...options }: TokenSection,
  fetch?: IdentityProviderFetch,
): TokenSource {
  const path = `integrations.${name}.token`;
  try {
    const source = clientCredentials({ ...options, fetch });
    checkComplete(path, source);
    return source;
  } catch (error) {
    rethrowAsConfigError(error, (field) => `${path}.${field}`);
  }
}

/** The gateway asks for one token per integration, so that nothing would take the place of `{tenant}`. */
function checkComplete(path: string, source: TokenSource): void {
  try {
    source.check?.({});
  } catch {
    throw new ConfigError([
      { path, problem: 'must not hold {tenant} or {subject}: write the value itself, or make an integration of each' },
    ]);
  }
}
