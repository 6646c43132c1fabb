import { type CredentialForm, credentialHeader, type CredentialHeader, DEFAULT_CREDENTIAL } from './credential.js';

/** What a token is made of; see `Token` for each field. */
export interface TokenProperties {
  /** The credential itself. */
  accessToken: string;
  /** Such as `Bearer`. */
  tokenType: string;
  /** @defaultValue none: the source did not say */
  scope?: string | undefined;
  /** The name that it was asked for by. */
  integration: string;
  /** Rises with every token of the same key. */
  generation: number;
  /** Epoch ms. */
  expiresAt: number;
  /** Epoch ms. */
  refreshAt: number;
  /** @defaultValue `expiresAt` */
  endsAt?: number | undefined;
  /** A hash. */
  keyId: string;
  /** How its upstream wants it. @defaultValue `Authorization: {type} {token}` */
  credential?: CredentialForm | undefined;
}

/** An access token. It does not print itself: `util.inspect` and `JSON.stringify` show everything but `accessToken`. */
export class Token {
  /** As the authorization server spelled it, `Bearer` by default. */
  readonly tokenType: string;
  /** What was granted, when the source said so. */
  readonly scope?: string | undefined;
  /** The name that it was asked for by. */
  readonly integration: string;
  /** Rises with every token of the same key. */
  readonly generation: number;
  /** Epoch ms, as the source said; the token is handed out until the safety margin before it. */
  readonly expiresAt: number;
  /** Epoch ms from which it is handed out no more: `expiresAt` less the safety margin. */
  readonly endsAt: number;
  /** Epoch ms from which one process refreshes it in the background. */
  readonly refreshAt: number;
  readonly #accessToken: string;
  readonly #keyId: string;
  readonly #credential: CredentialForm;

  constructor(properties: TokenProperties) {
    this.#accessToken = properties.accessToken;
    this.#keyId = properties.keyId;
    this.#credential = properties.credential ?? DEFAULT_CREDENTIAL;
    this.tokenType = properties.tokenType;
    this.scope = properties.scope;
    this.integration = properties.integration;
    this.generation = properties.generation;
    this.expiresAt = properties.expiresAt;
    this.endsAt = properties.endsAt ?? properties.expiresAt;
    this.refreshAt = properties.refreshAt;
  }

  /** The credential itself, for an upstream that takes it in no header; `header` has it ready for all others. */
  get accessToken(): string {
    return this.#accessToken;
  }

  /** Its place in the store: a hash, the same in every process. */
  get keyId(): string {
    return this.#keyId;
  }

  /** The value of the `Authorization` header (RFC 6750 section 2.1), or of the one that the option `credential` names. */
  get authorization(): string {
    return this.header.value;
  }

  /** The header that carries it to its upstream: `authorization`, or the one that the option `credential` names. */
  get header(): CredentialHeader {
    return credentialHeader(this.#credential, this.tokenType, this.#accessToken);
  }
}
