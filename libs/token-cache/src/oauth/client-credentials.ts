import { createHash } from 'node:crypto';
import { resourcesOf, scopesOf, type TokenRequest } from '../core/contract/token-request.js';
import { type TokenSource } from '../core/contract/token-source.js';
import { checkClientOptions, type OAuthClientConfig, type OAuthClientOptions } from './oauth-client.options.js';
import { tokenEndpoint } from './token-endpoint.js';

export type ClientCredentialsOptions = OAuthClientOptions;

/**
 * A source of tokens for the application itself: the client credentials grant (RFC 6749 section 4.4). A request's `scope`,
 * `audience` and `resource` (RFC 8707) are sent; its `tenant` and `subject` only tell tokens apart.
 *
 * @throws TokenConfigError naming the option that cannot work
 *
 * @example
 * clientCredentials({ issuer: 'https://idp.example', clientId: 'gateway', clientSecret: () => readFile(path, 'utf8') })
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenSource {
  const config = checkClientOptions(options);
  const requestToken = tokenEndpoint(config);
  return {
    identity: identityOf(config),
    mint: (request, { signal }) => requestToken('client_credentials', parametersOf(config, request), signal),
  };
}

function parametersOf(config: OAuthClientConfig, request: TokenRequest): URLSearchParams {
  const parameters = new URLSearchParams();
  const requested = scopesOf(request.scope);
  const scopes = requested.length > 0 ? requested : scopesOf(config.scope);
  const audience = request.audience || config.audience;
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  if (audience) parameters.set('audience', audience);
  for (const resource of resourcesOf(request.resource)) parameters.append('resource', resource);
  return parameters;
}

function identityOf({ issuer, tokenEndpoint, clientId, clientAuth, scope, audience, clientSecret }: OAuthClientConfig) {
  const client = { issuer: issuer?.href, tokenEndpoint: tokenEndpoint?.href, clientId, clientAuth };
  const defaults = { scope: scopesOf(scope), audience };
  const secret = typeof clientSecret === 'string' ? digest(JSON.stringify([client, clientSecret])) : undefined;
  return JSON.stringify({ grant: 'client_credentials', ...client, ...defaults, secret });
}

/** Hashed with the client, so that equal secrets of two clients do not show. */
function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 16);
}
