import { type Dispatcher } from 'undici';
import { type CredentialHeader } from '../core/contract/credential.js';
import { givesWay } from '../core/door/credential-at-origin.js';

type Headers = Dispatcher.DispatchOptions['headers'];
type PlainHeaders = string[] | Record<string, string | string[]>;

/** A copy of a caller's headers that can be read twice, which an iterable cannot always. */
export function plainHeaders(headers: Headers): PlainHeaders {
  if (!headers) return {};
  return Symbol.iterator in headers
    ? (pairsOf(headers).flat() as string[])
    : ({ ...headers } as Record<string, string>);
}

/** Those headers with the credential, in place of what gives way to it. */
export function withCredential(headers: PlainHeaders, credential: CredentialHeader): PlainHeaders {
  const { name, value } = credential;
  const isOther = ([other]: unknown[]): boolean => !givesWay(String(other), credential);
  if (Array.isArray(headers)) return [...pairsOf(headers).filter(isOther).flat(), name, value] as string[];
  return { ...Object.fromEntries(Object.entries(headers).filter(isOther)), [name]: value };
}

/** Whether the request comes from `fetch`, which names its mode and follows redirects above its dispatcher. */
export function isOfFetch(headers: PlainHeaders): boolean {
  const names = Array.isArray(headers) ? pairsOf(headers).map(([name]) => String(name)) : Object.keys(headers);
  return names.some((name) => name.toLowerCase() === 'sec-fetch-mode');
}

/** undici takes an array as names and values in turn, any other iterable as pairs, and here and there an array of pairs. */
function pairsOf(headers: Iterable<unknown>): unknown[][] {
  const items = [...headers];
  if (items.every(Array.isArray)) return items;
  return items.flatMap((_, index) => (index % 2 === 0 ? [items.slice(index, index + 2)] : []));
}
