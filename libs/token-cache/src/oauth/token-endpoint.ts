import { allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi';
import { TokenSourceRejectedError } from '../core/contract/token-cache.errors.js';
import { type MintContext, type MintedToken } from '../core/contract/token-source.js';
import { tokenServer } from './authorization-server.js';
import { authenticate } from './client-authentication.js';
import { clientOf } from './client-lookup.js';
import { printableUrl } from './endpoint-url.js';
import { identityProviderFetch } from './identity-provider-fetch.js';
import { type OAuthClientConfig } from './oauth-client.config.js';
import { type ClientCredentialPair } from './oauth-client.options.js';
import { type RequestForm } from './request-form.js';
import { withLookedUpFields } from './extra-lookup.js';
import { reaching } from './source-errors.js';
import { readToken } from './token-response.js';

/**
 * Requests one token with a grant.
 *
 * @throws TokenSourceError
 */
export type RequestToken = (grantType: string, form: RequestForm, context: MintContext) => Promise<MintedToken>;

/** Requests tokens of a token endpoint (RFC 6749 section 3.2). */
export function tokenEndpoint(config: OAuthClientConfig): RequestToken {
  const send = identityProviderFetch(config.fetch);
  const findServer = tokenServer(config, send);
  const { clientAuth, tokenType } = config;

  return async (grantType, form, { signal, integration }) => {
    const server = await findServer(form, integration, signal);
    const where = `The token endpoint ${printableUrl(new URL(server.token_endpoint))} of "${integration}"`;
    const { headers, parameters } = await withLookedUpFields(form, config, integration, signal);
    const options = {
      signal,
      headers,
      [customFetch]: send,
      [allowInsecureRequests]: config.allowInsecureRequests,
    };
    const login = (): Promise<ClientCredentialPair> => clientOf(config, form.tenant, integration, signal);
    return withCurrentLogin(login, (client) =>
      reaching(where, signal, async () => {
        const metadata = { client_id: client.clientId };
        const auth = authenticate(clientAuth, client);
        const answer = await genericTokenEndpointRequest(server, metadata, auth, grantType, parameters, options);
        return readToken(answer, { where, clientAuth, tokenType });
      }),
    );
  };
}

/** A secret that was replaced while it was on its way is refused: with its successor the request is sent once more. */
async function withCurrentLogin<T>(
  login: () => Promise<ClientCredentialPair>,
  send: (client: ClientCredentialPair) => Promise<T>,
): Promise<T> {
  const client = await login();
  try {
    return await send(client);
  } catch (error) {
    if (!(error instanceof TokenSourceRejectedError)) throw error;
    const current = await login().catch(() => client);
    if (current.clientId === client.clientId && current.clientSecret === client.clientSecret) throw error;
    return send(current);
  }
}
