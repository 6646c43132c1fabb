import { allowInsecureRequests, type AuthorizationServer, customFetch, discoveryRequest } from 'oauth4webapi';
import { recentlyUsed } from '../core/contract/recently-used.js';
import { type TokenConfigError, TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';
import { type AnswerFields, readFields } from './answer-body.js';
import { endpointUrl, printableUrl } from './endpoint-url.js';
import { type AllowedHttp } from './plain-http.js';
import { issuerOf, printableIssuer } from './issuer.js';
import { type OAuthClientConfig } from './oauth-client.config.js';
import { type IdentityProviderFetch } from './oauth-client.options.js';
import { type RequestForm } from './request-form.js';
import { reaching, refuse } from './source-errors.js';

/** The metadata of an authorization server that has a token endpoint. */
export type TokenServer = AuthorizationServer & { readonly token_endpoint: string };

type FindServer = (form: RequestForm, integration: string, signal: AbortSignal) => Promise<TokenServer>;

/** Servers whose metadata is remembered: one per tenant, if the issuer names the tenant. */
const MAX_SERVERS = 1_000;

/**
 * Finds the token endpoint: the configured one, else that of the issuer's metadata (OpenID Connect Discovery 1.0 or RFC 8414).
 * Metadata is read once and kept; after a failure the next mint reads it again.
 */
export function tokenServer({ clientAuth, ...allowed }: OAuthClientConfig, send: IdentityProviderFetch): FindServer {
  const known = recentlyUsed<TokenServer>(MAX_SERVERS);
  const isMutualTls = clientAuth === 'tls_client_auth';
  return async ({ issuer, tokenEndpoint }, integration, signal) => {
    if (tokenEndpoint !== undefined) {
      const { origin, href } = endpointUrl('tokenEndpoint', tokenEndpoint, allowed);
      return { issuer: origin, token_endpoint: href };
    }
    let server = known.get(issuer!);
    if (!server)
      known.set(issuer!, (server = await new Discovery(allowed, isMutualTls, send, integration, signal).of(issuer!)));
    return server;
  };
}

/** One reading of an issuer's metadata. */
class Discovery {
  constructor(
    private readonly allowed: AllowedHttp,
    private readonly isMutualTls: boolean,
    private readonly send: IdentityProviderFetch,
    private readonly integration: string,
    private readonly signal: AbortSignal,
  ) {}

  async of(configured: string): Promise<TokenServer> {
    const { issuer, isSame } = issuerOf(endpointUrl('issuer', configured, this.allowed));
    const where = `The metadata of ${printableUrl(issuer)} for "${this.integration}"`;
    return reaching(where, this.signal, async () => {
      const response = await this.fetch(issuer);
      if (response.status !== 200) await refuse(where, response);
      const metadata = await readFields(response);
      if (typeof metadata?.issuer !== 'string') {
        throw new TokenResponseInvalidError(
          `${where} cannot be read: check the issuer's URL, or give tokenEndpoint in its place`,
        );
      }
      if (!isSame(metadata.issuer)) {
        throw new TokenResponseInvalidError(
          `${where} is that of issuer ${printableIssuer(metadata.issuer)}, and not of ${printableIssuer(issuer.href)}: ` +
            'give the former as issuer, or tokenEndpoint in place of issuer',
        );
      }
      return { issuer: issuer.href, token_endpoint: this.trusted(where, this.endpointOf(metadata)) };
    });
  }

  /** Tries the location of OpenID Connect Discovery first, because nearly all servers have it, then that of RFC 8414. */
  private async fetch(issuer: URL): Promise<Response> {
    const { signal, send } = this;
    // The URL was checked: what is http by now is allowed.
    const request = { signal, [customFetch]: send, [allowInsecureRequests]: true };
    const response = await discoveryRequest(issuer, { ...request, algorithm: 'oidc' });
    if (response.status !== 404) return response;
    await response.body?.cancel();
    return discoveryRequest(issuer, { ...request, algorithm: 'oauth2' });
  }

  /** A server may ask for certificates at an endpoint of its own (RFC 8705 section 5). */
  private endpointOf({ token_endpoint, mtls_endpoint_aliases: aliases }: AnswerFields): unknown {
    const alias = this.isMutualTls ? (Object(aliases) as AnswerFields).token_endpoint : undefined;
    return alias ?? token_endpoint;
  }

  /** Checks the endpoint that the metadata names: forged metadata must not make this client send its secret in the clear. */
  private trusted(where: string, tokenEndpoint: unknown): string {
    try {
      return endpointUrl('token_endpoint', tokenEndpoint, this.allowed).href;
    } catch (error) {
      const { message } = error as TokenConfigError;
      throw new TokenResponseInvalidError(`${where} cannot be used: ${message}; give tokenEndpoint in place of issuer`);
    }
  }
}
