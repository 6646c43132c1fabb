import { type IncomingMessage } from 'node:http';
import { isLoopback } from '@mintonce/token-cache/oauth';

const AUTHORITY = /^(\[[\da-f:.]+\]|[a-z\d._~-]+)(?::\d{0,5})?$/i;
const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i;

/**
 * Every host that a request names: by its `Host` fields, and in the absolute form by its target, which counts before them
 * (RFC 9112 section 3.2.2). Not decoded, port included.
 */
export function namedAuthorities({ rawHeaders, url = '' }: Pick<IncomingMessage, 'rawHeaders' | 'url'>): string[] {
  const target = ABSOLUTE_FORM.exec(url)?.[1];
  return [...hostFields(rawHeaders), ...(target === undefined ? [] : [target])];
}

export function hostFields(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host');
}

/** The name or address of an authority, in lower case; undefined if it is not well-formed. */
export function hostOf(authority: string): string | undefined {
  return AUTHORITY.exec(authority)?.[1]?.toLowerCase().replace(/\.$/, '');
}

/** Whether a host can only be this machine, whatever a name server says. `*.localhost` is reserved for it (RFC 6761). */
export function isThisMachine(host: string): boolean {
  return isLoopback(host) || host.endsWith('.localhost');
}
