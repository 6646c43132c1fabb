export { clientCredentials, type ClientCredentialsOptions } from './client-credentials.js';
export {
  type ClientAuthMethod,
  type ClientCredentialPair,
  type ExtraValue,
  type IdentityProviderFetch,
  type OAuthClientOptions,
} from './oauth-client.options.js';
export { type AllowedHttp, isLoopback, isProtocolAllowed } from './plain-http.js';
