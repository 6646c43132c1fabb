import { type TokenRequest } from '../core/contract/token-request.js';

export const CLIENT_AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_basic_raw',
  'client_secret_post',
  'tls_client_auth',
] as const;

/**
 * How the client authenticates:
 * - `client_secret_basic`: HTTP Basic (RFC 6749 section 2.3.1). Special characters of the client id and the secret are
 *   percent-encoded first, as that RFC says; letters, digits, `-`, `.`, `_` and `~` are not.
 * - `client_secret_basic_raw`: HTTP Basic (RFC 7617) with client id and secret as they are, for servers that do not decode them.
 * - `client_secret_post`: parameters of the body.
 * - `tls_client_auth`: the certificate of the TLS connection (RFC 8705 section 2), which the option `fetch` presents. There is no
 *   secret, and the body names the client. A certificate that the server knows as such (`self_signed_tls_client_auth`) is sent
 *   in the same way.
 */
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

/** What a client authenticates with. */
export interface ClientCredentialPair {
  /** The client identifier (RFC 6749 section 2.2). */
  readonly clientId: string;
  /** The client secret. Line breaks at the end are removed. */
  readonly clientSecret: string;
}

/**
 * A value, or a function that is called at each mint, so that a rotated secret is used at once; it may be asynchronous. It is called
 * again when the server refuses the request: if it returns another value by then, the request is sent once more.
 */
export type ExtraValue = string | (() => string | Promise<string>);

/** Sends a request to the identity provider as the global `fetch` does. */
export type IdentityProviderFetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * A confidential client (RFC 6749 section 2.1) of an authorization server. Give either `issuer` or `tokenEndpoint`, and either
 * `clientId` with `clientSecret` or `credentials`. A client that logs in by `tls_client_auth` has a `clientId` and no secret.
 *
 * `{tenant}` and `{subject}` in `issuer`, `tokenEndpoint`, `scope`, `audience`, `resource`, `parameters` and `headers` stand for
 * those of the token request, but not in what a function returns. In a URL the value must be made of letters, digits, `.`, `_` and `-`.
 */
export interface OAuthClientOptions {
  /**
   * The issuer's URL, or that of its metadata. The metadata names the token endpoint (OpenID Connect Discovery 1.0 or RFC 8414)
   * and is read at the first mint.
   */
  readonly issuer?: string;
  /** The URL of the token endpoint (RFC 6749 section 3.2), for servers without metadata or with metadata of another issuer. */
  readonly tokenEndpoint?: string;
  /** The client identifier (RFC 6749 section 2.2). */
  readonly clientId?: string;
  /**
   * The client secret. A function is called at each mint, so that a rotated secret is used at once; it may be asynchronous. It is
   * called again when the server refuses the request: if it returns another secret by then, the request is sent once more.
   * Line breaks at the end are removed.
   */
  readonly clientSecret?: string | (() => string | Promise<string>);
  /**
   * In place of `clientId` and `clientSecret`: a client per tenant. It is called at each mint with the `tenant` of the token
   * request, which is undefined when the request names none.
   */
  readonly credentials?: (tenant: string | undefined) => ClientCredentialPair | Promise<ClientCredentialPair>;
  /** How the client authenticates. @defaultValue `'client_secret_basic'` */
  readonly clientAuth?: ClientAuthMethod;
  /** Scope (RFC 6749 section 3.3) of requests that name none. @defaultValue none: the server chooses */
  readonly scope?: TokenRequest['scope'];
  /** `audience` parameter of requests that name none. @defaultValue none */
  readonly audience?: string;
  /** Resource indicators (RFC 8707) of requests that name none. @defaultValue none */
  readonly resource?: TokenRequest['resource'];
  /** Further parameters of the body, such as `organization`. @defaultValue none */
  readonly parameters?: Readonly<Record<string, ExtraValue | readonly ExtraValue[]>>;
  /** Further headers of the token request, such as an API key. @defaultValue none */
  readonly headers?: Readonly<Record<string, ExtraValue>>;
  /**
   * The type of the tokens, for servers that answer with a `token_type` other than Bearer. It becomes the scheme of the
   * `Authorization` header. @defaultValue `'Bearer'`; tokens of another type are refused
   */
  readonly tokenType?: string;
  /** Allows `http:` URLs of loopback hosts: `localhost`, `127.0.0.0/8` and `[::1]`. @defaultValue `false` */
  readonly allowInsecureRequests?: boolean;
  /**
   * Allows `http:` URLs of any host, for a network that encrypts by itself. Whoever can listen on the way reads the secret and the
   * tokens. @defaultValue `false`
   */
  readonly allowPlainHttp?: boolean;
  /**
   * Sends the requests to the identity provider, for a proxy or a client certificate. It must not follow redirects and must
   * verify certificates. @defaultValue a new connection for each request, whose certificate is always verified
   */
  readonly fetch?: IdentityProviderFetch;
}
