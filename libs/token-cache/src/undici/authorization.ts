import { type Dispatcher } from 'undici';
import { type CredentialHeader } from '../core/contract/credential.js';

type Headers = Dispatcher.DispatchOptions['headers'];
type PlainHeaders = string[] | Record<string, string | string[]>;

/** A caller's headers but its own credential, in a form that can be read twice, which an iterable cannot always. */
export function withoutAuthorization(headers: Headers): PlainHeaders {
  if (!headers) return {};
  if (Symbol.iterator in headers) return pairsOf(headers).filter(isNotAuthorization).flat() as string[];
  return Object.fromEntries(Object.entries(headers).filter(isNotAuthorization)) as Record<string, string>;
}

/** Those headers with the credential, in place of what the caller put there. */
export function withCredential(headers: PlainHeaders, { name, value }: CredentialHeader): PlainHeaders {
  const isOther = ([other]: unknown[]): boolean => String(other).toLowerCase() !== name;
  if (Array.isArray(headers)) return [...pairsOf(headers).filter(isOther).flat(), name, value] as string[];
  return { ...Object.fromEntries(Object.entries(headers).filter(isOther)), [name]: value };
}

/** undici takes an array as names and values in turn, any other iterable as pairs, and here and there an array of pairs. */
function pairsOf(headers: Iterable<unknown>): unknown[][] {
  const items = [...headers];
  if (items.every(Array.isArray)) return items;
  return items.flatMap((_, index) => (index % 2 === 0 ? [items.slice(index, index + 2)] : []));
}

function isNotAuthorization([name]: unknown[]): boolean {
  return String(name).toLowerCase() !== 'authorization';
}
