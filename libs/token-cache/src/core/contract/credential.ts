/** How an upstream wants the token: the header, and its value with `{type}` and `{token}` in it. */
export interface CredentialForm {
  /** In small letters. */
  readonly header: string;
  /** `{type}` stands for the type of the token, and `{token}` for the token itself. */
  readonly value: string;
}

/** A header of a request. */
export interface CredentialHeader {
  /** In small letters. */
  readonly name: string;
  /** With the token in it. */
  readonly value: string;
}

/** RFC 6750 section 2.1. */
export const DEFAULT_CREDENTIAL: CredentialForm = { header: 'authorization', value: '{type} {token}' };

/** The header that carries a token to its upstream. */
export function credentialHeader(form: CredentialForm, tokenType: string, accessToken: string): CredentialHeader {
  const type = /^bearer$/i.test(tokenType) ? 'Bearer' : tokenType;
  const value = form.value.replace(/\{(type|token)\}/g, (_, name) => (name === 'type' ? type : accessToken));
  return { name: form.header, value };
}
