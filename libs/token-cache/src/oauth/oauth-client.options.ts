import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { endpointUrl } from './endpoint-url.js';

const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** How the client proves who it is (RFC 6749 section 2.3.1). */
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** A confidential client of an authorization server; give either `issuer` or `tokenEndpoint`. */
export interface OAuthClientOptions {
  /** Its metadata names the token endpoint (OpenID Connect Discovery 1.0 or RFC 8414); read at the first mint. */
  readonly issuer?: string;
  readonly tokenEndpoint?: string;
  readonly clientId: string;
  /** A function is asked at each mint, so that a rotated secret is picked up. A line break at the end is not part of it. */
  readonly clientSecret: string | (() => string | Promise<string>);
  /** @defaultValue `'client_secret_basic'` */
  readonly clientAuth?: ClientAuthMethod;
  /** For requests that name no scope of their own. */
  readonly scope?: TokenRequest['scope'];
  /** For requests that name no audience of their own. */
  readonly audience?: string;
  /** Lets `http://` be used, on this machine only: `localhost`, `127.0.0.0/8` and `[::1]`. @defaultValue `false` */
  readonly allowInsecureRequests?: boolean;
}

/** Options that can work: exactly one of `issuer` and `tokenEndpoint` is there. */
export interface OAuthClientConfig extends Omit<OAuthClientOptions, 'issuer' | 'tokenEndpoint'> {
  readonly issuer?: URL;
  readonly tokenEndpoint?: URL;
  readonly clientAuth: ClientAuthMethod;
  readonly allowInsecureRequests: boolean;
}

/** @throws TokenConfigError naming the option that cannot work */
export function checkClientOptions(options: OAuthClientOptions): OAuthClientConfig {
  const { issuer, tokenEndpoint, clientId, clientSecret } = options;
  const { clientAuth = 'client_secret_basic', scope, audience, allowInsecureRequests = false } = options;
  if (issuer !== undefined && tokenEndpoint !== undefined) {
    throw new TokenConfigError('tokenEndpoint', 'cannot be given together with issuer');
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

/** Files end in a line break; a secret never does (RFC 6749 appendix A.2). */
export function trimSecret(secret: string): string {
  return secret.replace(/[\r\n]+$/, '');
}
