import { allowInsecureRequests, ClientSecretBasic, ClientSecretPost, genericTokenEndpointRequest } from 'oauth4webapi';
import { TokenSourceUnavailableError } from '../core/contract/token-cache.errors.js';
import { type MintedToken } from '../core/contract/token-source.js';
import { tokenServer } from './authorization-server.js';
import { printableUrl } from './endpoint-url.js';
import { type OAuthClientConfig, trimSecret } from './oauth-client.options.js';
import { CHECK_CONNECTION, reaching } from './source-errors.js';
import { readToken } from './token-response.js';

/**
 * Requests one token with a grant and its parameters.
 *
 * @throws TokenSourceError
 */
export type RequestToken = (
  grantType: string,
  parameters: URLSearchParams,
  signal: AbortSignal,
) => Promise<MintedToken>;

/** Requests tokens of a token endpoint (RFC 6749 section 3.2) as one client. */
export function tokenEndpoint(config: OAuthClientConfig): RequestToken {
  const findServer = tokenServer(config);
  const client = { client_id: config.clientId };
  const authenticate = config.clientAuth === 'client_secret_post' ? ClientSecretPost : ClientSecretBasic;

  return async (grantType, parameters, signal) => {
    const server = await findServer(signal);
    const auth = authenticate(await secretOf(config, signal));
    const where = `The token endpoint ${printableUrl(new URL(server.token_endpoint))}`;
    const request = { signal, [allowInsecureRequests]: config.allowInsecureRequests };
    return reaching(where, CHECK_CONNECTION, signal, async () =>
      readToken(where, await genericTokenEndpointRequest(server, client, auth, grantType, parameters, request)),
    );
  };
}

const RETURN_SECRET = 'it must return a string that is not empty';

async function secretOf({ clientSecret }: OAuthClientConfig, signal: AbortSignal): Promise<string> {
  if (typeof clientSecret === 'string') return trimSecret(clientSecret);
  const secret = await reaching('clientSecret()', RETURN_SECRET, signal, () =>
    beforeAbort(signal, async () => clientSecret()),
  );
  if (typeof secret === 'string' && trimSecret(secret) !== '') return trimSecret(secret);
  throw new TokenSourceUnavailableError(`clientSecret() returned no secret: ${RETURN_SECRET}`);
}

/** The answer of `ask`, or a rejection as soon as the signal aborts. */
function beforeAbort<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    ask()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
