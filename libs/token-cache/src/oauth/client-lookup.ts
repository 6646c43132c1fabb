import { TokenSourceUnavailableError } from '../core/contract/token-cache.errors.js';
import { asking, type Asked } from './asking.js';
import { trimSecret } from './oauth-client.config.js';
import { type ClientCredentialPair, type OAuthClientOptions } from './oauth-client.options.js';

/**
 * The client that a token is requested for: that of the options, or the one that they name for this tenant.
 *
 * @throws TokenSourceUnavailableError when a function of the options fails, or returns nothing usable
 */
export async function clientOf(
  options: OAuthClientOptions,
  tenant: string | undefined,
  integration: string,
  signal: AbortSignal,
): Promise<ClientCredentialPair> {
  const { clientId = '', clientSecret, credentials, clientAuth } = options;
  if (clientAuth === 'tls_client_auth') return { clientId, clientSecret: '' };
  if (credentials) {
    const found = await asking(askedFor('credentials()', integration), signal, () => credentials(tenant));
    return usable('credentials()', integration, { ...found });
  }
  if (typeof clientSecret !== 'function') return usable('clientSecret', integration, { clientId, clientSecret });
  const secret = await asking(askedFor('clientSecret()', integration), signal, clientSecret);
  return usable('clientSecret()', integration, { clientId, clientSecret: secret });
}

function usable(what: string, integration: string, { clientId, clientSecret }: Partial<ClientCredentialPair>) {
  const secret = typeof clientSecret === 'string' ? trimSecret(clientSecret) : '';
  if (typeof clientId === 'string' && clientId !== '' && secret !== '') return { clientId, clientSecret: secret };
  throw new TokenSourceUnavailableError(`${what} of "${integration}" returned no secret: ${remedyOf(what)}`);
}

function askedFor(what: string, integration: string): Asked {
  return { what: `${what} of "${integration}"`, remedy: remedyOf(what) };
}

function remedyOf(what: string): string {
  return what === 'credentials()'
    ? 'it must return an object with clientId and clientSecret, neither of them empty'
    : 'it must return a string that is not empty';
}
