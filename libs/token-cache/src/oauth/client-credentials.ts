import { createHash } from 'node:crypto';
import { resourcesOf, scopesOf, type TokenRequest } from '../core/contract/token-request.js';
import { type TokenSource } from '../core/contract/token-source.js';
import { checkClientOptions, type OAuthClientConfig, type OAuthClientOptions } from './oauth-client.options.js';
import { tokenEndpoint } from './token-endpoint.js';

/** Options of `clientCredentials()`: a confidential client, and what it asks for by default. */
export type ClientCredentialsOptions = OAuthClientOptions;

/**
 * A source of access tokens for the application itself: the client credentials grant (RFC 6749 section 4.4). The request's
 * `scope`, `audience` and `resource` (RFC 8707) are sent to the token endpoint. Its `tenant` and `subject` are not sent; they
 * only make separate cache keys.
 *
 * A mint throws `TokenSourceRejectedError` when the server refuses (4xx), `TokenSourceUnavailableError` when it cannot answer
 * (network, time-out, 5xx, 429), and `TokenResponseInvalidError` when its answer is not a usable Bearer token.
 *
 * @throws TokenConfigError naming the option that is invalid
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

/** A short hash of the secret together with the client, so that it does not show that two clients share a secret. */
function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 16);
}
