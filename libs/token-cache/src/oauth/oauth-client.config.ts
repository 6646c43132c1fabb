import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { checkUrlTemplate } from './endpoint-url.js';
import { checkHeaders, checkParameters } from './extra-fields.js';
import { CLIENT_AUTH_METHODS, type ClientAuthMethod, type OAuthClientOptions } from './oauth-client.options.js';

/** Options that were checked: exactly one of `issuer` and `tokenEndpoint` is set. */
export interface OAuthClientConfig extends OAuthClientOptions {
  readonly clientAuth: ClientAuthMethod;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TokenConfigError naming the option that is invalid
 */
export function checkClientOptions(options: OAuthClientOptions): OAuthClientConfig {
  const { clientAuth = 'client_secret_basic' } = options;
  for (const field of ['allowInsecureRequests', 'allowPlainHttp'] as const) {
    if (typeof (options[field] ?? false) !== 'boolean') throw new TokenConfigError(field, 'must be true or false');
  }
  checkServer(options);
  if (!CLIENT_AUTH_METHODS.includes(clientAuth)) {
    throw new TokenConfigError('clientAuth', `must be one of ${CLIENT_AUTH_METHODS.join(', ')}`);
  }
  if (clientAuth === 'tls_client_auth') checkTlsClient(options);
  else checkClient(options);
  checkDefaults(options);
  checkParameters(options.parameters);
  checkHeaders(options.headers);
  if (options.fetch !== undefined && typeof options.fetch !== 'function') {
    throw new TokenConfigError('fetch', 'must be a function');
  }
  return { ...options, clientAuth };
}

function checkServer({ issuer, tokenEndpoint, ...allowed }: OAuthClientOptions): void {
  if (issuer !== undefined && tokenEndpoint !== undefined) {
    throw new TokenConfigError('tokenEndpoint', 'cannot be given together with issuer: remove one of them');
  }
  if (issuer === undefined && tokenEndpoint === undefined) {
    throw new TokenConfigError('issuer', 'is missing, and so is tokenEndpoint: give one of them');
  }
  if (issuer !== undefined) checkUrlTemplate('issuer', issuer, allowed);
  if (tokenEndpoint === undefined) return;
  checkUrlTemplate('tokenEndpoint', tokenEndpoint, allowed);
  if (tokenEndpoint.includes('/.well-known/')) {
    throw new TokenConfigError('tokenEndpoint', 'is a /.well-known/ URL, which is that of metadata: give it as issuer');
  }
}

function checkClient({ clientId, clientSecret, credentials }: OAuthClientOptions): void {
  if (credentials !== undefined) {
    if (typeof credentials !== 'function') throw new TokenConfigError('credentials', 'must be a function');
    if (clientId === undefined && clientSecret === undefined) return;
    throw new TokenConfigError('credentials', 'cannot be given together with clientId and clientSecret');
  }
  if (!isText(clientId)) throw new TokenConfigError('clientId', 'must be a string that is not empty');
  if (typeof clientSecret !== 'function' && (typeof clientSecret !== 'string' || trimSecret(clientSecret) === '')) {
    throw new TokenConfigError('clientSecret', 'must be a string that is not empty, or a function');
  }
}

/** The certificate stands in the place of the secret (RFC 8705 section 2). */
function checkTlsClient({ clientId, clientSecret, credentials, fetch }: OAuthClientOptions): void {
  const remedy =
    'cannot be given with clientAuth tls_client_auth, whose secret is the key of the certificate: remove it';
  if (clientSecret !== undefined) throw new TokenConfigError('clientSecret', remedy);
  if (credentials !== undefined) throw new TokenConfigError('credentials', remedy);
  if (!isText(clientId)) throw new TokenConfigError('clientId', 'must be a string that is not empty');
  if (fetch !== undefined) return;
  throw new TokenConfigError('fetch', 'is missing: clientAuth tls_client_auth needs one that presents the certificate');
}

function checkDefaults({ scope, audience, resource, tokenType }: OAuthClientOptions): void {
  if (![scope ?? []].flat().every((item) => typeof item === 'string')) {
    throw new TokenConfigError('scope', 'must be a string or a list of strings');
  }
  if (audience !== undefined && !isText(audience)) {
    throw new TokenConfigError('audience', 'must be a string that is not empty');
  }
  if (![resource ?? []].flat().every(isText)) {
    throw new TokenConfigError('resource', 'must be a string or a list of strings, none of them empty');
  }
  // The scheme of an `Authorization` header is a token (RFC 9110 section 5.6.2).
  if (tokenType !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(tokenType)) {
    throw new TokenConfigError('tokenType', 'must be the scheme of an Authorization header, such as Bearer');
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The secret without the line break at the end of its file: no secret holds one (RFC 6749 appendix A.2). */
export function trimSecret(secret: string): string {
  return secret.replace(/[\r\n]+$/, '');
}
