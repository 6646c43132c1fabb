import { type CredentialForm } from '../contract/credential.js';
import { isFramingHeader } from '../contract/framing-headers.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';

/** `X-Api-Token: {token}`; a name and a value as RFC 9110 sections 5.1 and 5.5 allow them. */
const FORM = /^([\w!#$%&'*+.^`|~-]+): *([\x21-\x7e][\x20-\x7e]*[\x21-\x7e])$/;

/**
 * Reads the option `credential`.
 *
 * @throws TokenConfigError naming `field`
 */
export function resolveCredential(field: string, credential: unknown): CredentialForm | undefined {
  if (credential === undefined) return undefined;
  const [, header = '', value = ''] = (typeof credential === 'string' && FORM.exec(credential)) || [];
  if (value.split('{token}').length !== 2) {
    throw new TokenConfigError(field, 'must be a header with {token} in its value, such as "X-Api-Token: {token}"');
  }
  if (isFramingHeader(header))
    throw new TokenConfigError(field, 'must not be a header that the HTTP client sets itself');
  return { header: header.toLowerCase(), value };
}
