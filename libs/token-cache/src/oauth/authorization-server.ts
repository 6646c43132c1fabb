import {
  allowInsecureRequests,
  type AuthorizationServer,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi';
import { type TokenConfigError, TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';
import { readBody } from './bounded-body.js';
import { endpointUrl, printableUrl } from './endpoint-url.js';
import { type OAuthClientConfig } from './oauth-client.options.js';
import { CHECK_CONNECTION, reaching, refuse } from './source-errors.js';

/** The metadata of an authorization server that has a token endpoint. */
export type TokenServer = AuthorizationServer & { readonly token_endpoint: string };

/**
 * Finds the token endpoint: the configured one, else that of the issuer's metadata (OpenID Connect Discovery 1.0 or RFC 8414).
 * Metadata is read once and kept; after a failure the next mint reads it again.
 */
export function tokenServer(config: OAuthClientConfig): (signal: AbortSignal) => Promise<TokenServer> {
  const { issuer, tokenEndpoint } = config;
  let known = tokenEndpoint && { issuer: tokenEndpoint.origin, token_endpoint: tokenEndpoint.href };
  return async (signal) => (known ??= await discover(issuer!, config.allowInsecureRequests, signal));
}

async function discover(issuer: URL, insecure: boolean, signal: AbortSignal): Promise<TokenServer> {
  const where = `The metadata of ${printableUrl(issuer)}`;
  return reaching(where, CHECK_CONNECTION, signal, async () => {
    const response = await fetchMetadata(issuer, insecure, signal);
    if (response.status !== 200) await refuse(where, response);
    const metadata = await processDiscoveryResponse(issuer, new Response(await readBody(response))).catch(() => {
      throw new TokenResponseInvalidError(
        `${where} cannot be read, or is that of another issuer: check the issuer's URL`,
      );
    });
    return { ...metadata, token_endpoint: trustedEndpoint(where, metadata.token_endpoint, insecure) };
  });
}

/** Tries the location of OpenID Connect Discovery first, because nearly all servers have it, then that of RFC 8414. */
async function fetchMetadata(issuer: URL, insecure: boolean, signal: AbortSignal): Promise<Response> {
  const request = { signal, [allowInsecureRequests]: insecure };
  const response = await discoveryRequest(issuer, { ...request, algorithm: 'oidc' });
  if (response.status !== 404) return response;
  await response.body?.cancel();
  return discoveryRequest(issuer, { ...request, algorithm: 'oauth2' });
}

/** Checks the endpoint that the metadata names: forged metadata must not make this client send its secret in the clear. */
function trustedEndpoint(where: string, tokenEndpoint: unknown, insecure: boolean): string {
  try {
    return endpointUrl('token_endpoint', tokenEndpoint, insecure).href;
  } catch (error) {
    const { message } = error as TokenConfigError;
    throw new TokenResponseInvalidError(`${where} cannot be used: ${message}; give tokenEndpoint in place of issuer`);
  }
}
