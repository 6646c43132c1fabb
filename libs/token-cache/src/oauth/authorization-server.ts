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
import { reaching, refuse } from './source-errors.js';

/** An authorization server that names its token endpoint. */
export type TokenServer = AuthorizationServer & { readonly token_endpoint: string };

/** Finds the token endpoint: as configured, else from the issuer's metadata, which is read once and remembered. */
export function tokenServer(config: OAuthClientConfig): (signal: AbortSignal) => Promise<TokenServer> {
  const { issuer, tokenEndpoint } = config;
  let known = tokenEndpoint && { issuer: tokenEndpoint.origin, token_endpoint: tokenEndpoint.href };
  return async (signal) => (known ??= await discover(issuer!, config.allowInsecureRequests, signal));
}

async function discover(issuer: URL, insecure: boolean, signal: AbortSignal): Promise<TokenServer> {
  const where = `The metadata of ${printableUrl(issuer)}`;
  return reaching(where, signal, async () => {
    const response = await fetchMetadata(issuer, insecure, signal);
    if (response.status !== 200) await refuse(where, response);
    const metadata = await processDiscoveryResponse(issuer, new Response(await readBody(response))).catch(() => {
      throw new TokenResponseInvalidError(`${where} cannot be read, or is that of another issuer`);
    });
    return { ...metadata, token_endpoint: trustedEndpoint(where, metadata.token_endpoint, insecure) };
  });
}

/** OpenID Connect's location first, which nearly all have, then the one of RFC 8414. */
async function fetchMetadata(issuer: URL, insecure: boolean, signal: AbortSignal): Promise<Response> {
  const request = { signal, [allowInsecureRequests]: insecure };
  const response = await discoveryRequest(issuer, { ...request, algorithm: 'oidc' });
  if (response.status !== 404) return response;
  await response.body?.cancel();
  return discoveryRequest(issuer, { ...request, algorithm: 'oauth2' });
}

/** Metadata must not talk us into sending the secret in the clear. */
function trustedEndpoint(where: string, tokenEndpoint: unknown, insecure: boolean): string {
  try {
    return endpointUrl('token_endpoint', tokenEndpoint, insecure).href;
  } catch (error) {
    throw new TokenResponseInvalidError(`${where} cannot be used: ${(error as TokenConfigError).message}`);
  }
}
