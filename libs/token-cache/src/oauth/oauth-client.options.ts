import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { endpointUrl } from './endpoint-url.js';

const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** How the client authenticates: with HTTP Basic, or with parameters of the body (RFC 6749 section 2.3.1). */
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** A confidential client (RFC 6749 section 2.1) of an authorization server. Give either `issuer` or `tokenEndpoint`. */
export interface OAuthClientOptions {
  /**
   * The issuer's URL. Its metadata names the token endpoint (OpenID Connect Discovery 1.0 or RFC 8414) and is read at the first
   * mint.
   */
  readonly issuer?: string;
  /** The URL of the token endpoint (RFC 6749 section 3.2), for servers without metadata. */
  readonly tokenEndpoint?: string;
  /** The client identifier (RFC 6749 section 2.2). */
  readonly clientId: string;
  /**
   * The client secret. A function is called at each mint, so that a rotated secret is used at once; it may be asynchronous.
   * Line breaks at the end are removed.
   */
  readonly clientSecret: string | (() => string | Promise<string>);
  /** How the client authenticates. @defaultValue `'client_secret_basic'` */
  readonly clientAuth?: ClientAuthMethod;
  /** Scope (RFC 6749 section 3.3) of requests that name none. @defaultValue none: the server chooses */
  readonly scope?: TokenRequest['scope'];
  /** `audience` parameter of requests that name none. @defaultValue none */
  readonly audience?: string;
  /** Allows `http:` URLs of loopback hosts: `localhost`, `127.0.0.0/8` and `[::1]`. @defaultValue `false` */
  readonly allowInsecureRequests?: boolean;
}

/** Options that were checked: exactly one of `issuer` and `tokenEndpoint` is set. */
export interface OAuthClientConfig extends Omit<OAuthClientOptions, 'issuer' | 'tokenEndpoint'> {
  readonly issuer?: URL;
  readonly tokenEndpoint?: URL;
  readonly clientAuth: ClientAuthMethod;
  readonly allowInsecureRequests: boolean;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TokenConfigError naming the option that is invalid
 */
export function checkClientOptions(options: OAuthClientOptions): OAuthClientConfig {
  const { issuer, tokenEndpoint, clientId, clientSecret } = options;
  const { clientAuth = 'client_secret_basic', scope, audience, allowInsecureRequests = false } = options;
  if (issuer !== undefined && tokenEndpoint !== undefined) {
    throw new TokenConfigError('tokenEndpoint', 'cannot be given together with issuer: remove one of them');
  }
  if (issuer === undefined && tokenEndpoint === undefined) {
    throw new TokenConfigError('issuer', 'is missing, and so is tokenEndpoint: give one of them');
  }
  if (typeof allowInsecureRequests !== 'boolean') {
    throw new TokenConfigError('allowInsecureRequests', 'must be true or false');
  }
  if (typeof clientId !== 'string' || clientId === '') {
    throw new TokenConfigError('clientId', 'must be a string that is not empty');
  }
  if (typeof clientSecret !== 'function' && (typeof clientSecret !== 'string' || trimSecret(clientSecret) === '')) {
    throw new TokenConfigError('clientSecret', 'must be a string that is not empty, or a function');
  }
  if (!CLIENT_AUTH_METHODS.includes(clientAuth)) {
    throw new TokenConfigError('clientAuth', `must be one of ${CLIENT_AUTH_METHODS.join(', ')}`);
  }
  if (![scope ?? []].flat().every((item) => typeof item === 'string')) {
    throw new TokenConfigError('scope', 'must be a string or a list of strings');
  }
  if (audience !== undefined && (typeof audience !== 'string' || audience === '')) {
    throw new TokenConfigError('audience', 'must be a string that is not empty');
  }
  return {
    ...options,
    issuer: issuer === undefined ? undefined : endpointUrl('issuer', issuer, allowInsecureRequests),
    tokenEndpoint:
      tokenEndpoint === undefined ? undefined : endpointUrl('tokenEndpoint', tokenEndpoint, allowInsecureRequests),
    clientAuth,
    allowInsecureRequests,
  };
}

/** The secret without the line break at the end of its file: no secret holds one (RFC 6749 appendix A.2). */
export function trimSecret(secret: string): string {
  return secret.replace(/[\r\n]+$/, '');
}
