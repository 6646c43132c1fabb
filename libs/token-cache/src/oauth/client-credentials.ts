import { TokenConfigError, TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { type TokenSource } from '../core/contract/token-source.js';
import { checkClientOptions } from './oauth-client.config.js';
import { type OAuthClientOptions } from './oauth-client.options.js';
import { identityOf, providerOf } from './source-identity.js';
import { requestForms } from './request-form.js';
import { tokenEndpoint } from './token-endpoint.js';

/** Options of `clientCredentials()`: a confidential client, and what it asks for by default. */
export type ClientCredentialsOptions = OAuthClientOptions;

/**
 * A source of access tokens for the application itself: the client credentials grant (RFC 6749 section 4.4). The request's
 * `scope`, `audience` and `resource` (RFC 8707) are sent to the token endpoint. Its `tenant` and `subject` are sent where an
 * option holds `{tenant}` or `{subject}`, and `credentials` is given the tenant; a source that uses neither refuses them with a
 * `TokenConfigError`.
 *
 * A mint throws `TokenSourceRejectedError` when the server refuses (4xx, or an error in an answer of 200),
 * `TokenSourceUnavailableError` when it cannot answer (network, time-out, 5xx, 429, `Retry-After`), and
 * `TokenResponseInvalidError` when its answer is not a usable token.
 *
 * @throws TokenConfigError naming the option that is invalid
 *
 * @example
 * clientCredentials({ issuer: 'https://idp.example', clientId: 'gateway', clientSecret: () => readFile(path, 'utf8') })
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenSource {
  const config = checkClientOptions(options);
  const formOf = requestForms(config);
  const requestToken = tokenEndpoint(config);
  return {
    identity: identityOf('client_credentials', config),
    provider: providerOf(config),
    ...(config.clientId !== undefined && { client: config.clientId }),
    check: (request) => void formOf(request),
    mint: async (request, context) =>
      requestToken(
        'client_credentials',
        orRejected(context.integration, () => formOf(request)),
        context,
      ),
  };
}

/** A request that `check` did not see, since it names nothing, may lack the tenant. */
function orRejected<T>(integration: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof TokenConfigError) throw new TokenSourceRejectedError(`${error.message} ("${integration}")`);
    throw error;
  }
}
