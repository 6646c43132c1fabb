import { isDeepStrictEqual } from 'node:util';
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

  return async (grantType, form, { signal, integration, headers: observed = {} }) => {
    const server = await findServer(form, integration, signal);
    const where = `The token endpoint ${printableUrl(new URL(server.token_endpoint))} of "${integration}"`;
    const lookUp = async (): Promise<LookedUp> => ({
      ...(await withLookedUpFields(form, config, integration, signal)),
      client: await clientOf(config, form.tenant, integration, signal),
    });
    return withCurrent(lookUp, ({ client, headers, parameters }) =>
      reaching(where, signal, async () => {
        const metadata = { client_id: client.clientId };
        const auth = authenticate(clientAuth, client);
        const options = {
          signal,
          headers: config.fetch ? headers : withUnset(headers, observed),
          [customFetch]: send,
          // The URL was checked: what is http by now is allowed.
          [allowInsecureRequests]: true,
        };
        const answer = await genericTokenEndpointRequest(server, metadata, auth, grantType, parameters, options);
        return readToken(answer, { where, clientAuth, tokenType });
      }),
    );
  };
}

/**
 * Headers, and those of others that they do not set. A `fetch` of the options is not given them: it runs in the context of the
 * trace, and where it is instrumented it adds the same header again.
 */
function withUnset(headers: RequestForm['headers'], others: RequestForm['headers']): RequestForm['headers'] {
  const set = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const unset = Object.entries(others).filter(([name]) => !set.has(name.toLowerCase()));
  return { ...headers, ...Object.fromEntries(unset) };
}

/** What one request is sent with, as the functions of the options return it. */
interface LookedUp extends Pick<RequestForm, 'headers' | 'parameters'> {
  readonly client: ClientCredentialPair;
}

/** What was replaced while it was on its way is refused: with its successor the request is sent once more. */
async function withCurrent<T>(lookUp: () => Promise<LookedUp>, send: (values: LookedUp) => Promise<T>): Promise<T> {
  const values = await lookUp();
  try {
    return await send(values);
  } catch (error) {
    if (!(error instanceof TokenSourceRejectedError)) throw error;
    const current = await lookUp().catch(() => values);
    if (isSame(current, values)) throw error;
    return send(current);
  }
}

function isSame(one: LookedUp, other: LookedUp): boolean {
  const plain = ({ parameters, ...rest }: LookedUp): unknown => ({ ...rest, parameters: [...parameters] });
  return isDeepStrictEqual(plain(one), plain(other));
}
