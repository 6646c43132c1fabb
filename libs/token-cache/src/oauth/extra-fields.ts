import { isFramingHeader } from '../core/contract/framing-headers.js';
import { TokenConfigError } from '../core/contract/token-cache.errors.js';

/** Parameters that have an option of their own, or that the grant sets. */
const OWN_PARAMETERS: Readonly<Record<string, string>> = {
  grant_type: 'is set by the grant',
  client_id: 'is the option clientId',
  client_secret: 'is the option clientSecret',
  scope: 'is the option scope',
  audience: 'is the option audience',
  resource: 'is the option resource',
};

/** What the source sets itself, beside the headers of framing. */
const OWN_HEADER = /^(accept|authorization|content-type)$/i;
/** RFC 9110 sections 5.1 and 5.5. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** @throws TokenConfigError naming the parameter */
export function checkParameters(parameters: unknown): void {
  for (const [name, value] of entriesOf('parameters', parameters)) {
    const field = `parameters.${name}`;
    const own = OWN_PARAMETERS[name];
    if (own) throw new TokenConfigError(field, own);
    if (![value].flat().every((item) => typeof item === 'string' || typeof item === 'function')) {
      throw new TokenConfigError(field, 'must be a string, a function, or a list of these');
    }
  }
}

/** @throws TokenConfigError naming the header, and not its value, which may be a secret */
export function checkHeaders(headers: unknown): void {
  for (const [name, value] of entriesOf('headers', headers)) {
    const field = `headers.${name}`;
    if (!HEADER_NAME.test(name)) throw new TokenConfigError(field, 'is not the name of a header');
    if (OWN_HEADER.test(name) || isFramingHeader(name))
      throw new TokenConfigError(field, 'is set by the source itself');
    if (typeof value !== 'function') checkHeaderValue(field, value);
  }
}

/** @throws TokenConfigError naming `field` */
export function checkHeaderValue(field: string, value: unknown): void {
  if (isHeaderValue(value)) return;
  throw new TokenConfigError(field, 'must be visible ASCII, to stand in a header');
}

export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && HEADER_VALUE.test(value);
}

function entriesOf(field: string, fields: unknown): [string, unknown][] {
  if (fields === undefined) return [];
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new TokenConfigError(field, 'must be an object of names and values');
  }
  return Object.entries(fields);
}
