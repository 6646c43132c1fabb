import { type ClientAuth, ClientSecretPost, TlsClientAuth } from 'oauth4webapi';
import { type ClientAuthMethod, type ClientCredentialPair } from './oauth-client.options.js';

/** The authentication of one request. */
export function authenticate(method: ClientAuthMethod, { clientId, clientSecret }: ClientCredentialPair): ClientAuth {
  switch (method) {
    case 'client_secret_post':
      return ClientSecretPost(clientSecret);
    case 'client_secret_basic_raw':
      return basic(clientId, clientSecret);
    case 'client_secret_basic':
      return basic(formEncoded(clientId), formEncoded(clientSecret));
    case 'tls_client_auth':
      return TlsClientAuth();
  }
}

function basic(user: string, password: string): ClientAuth {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`);
}

/**
 * The encoding of RFC 6749 appendix B, but for characters that no URL encodes (RFC 3986 section 2.3): many servers do not
 * decode, and the ids that they issue hold `-` and `_`. oauth4webapi encodes those as well.
 */
function formEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
