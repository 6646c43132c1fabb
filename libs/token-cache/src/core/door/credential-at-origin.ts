import { type CredentialHeader } from '../contract/credential.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';

/** The statuses that `fetch` follows (Fetch Standard, redirect status). */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a header of the caller gives way to the credential: its own `Authorization` does, and one of the same name. */
export function givesWay(name: string, credential: CredentialHeader): boolean {
  const lower = name.toLowerCase();
  return lower === credential.name || lower === 'authorization';
}

/**
 * Whether a client that follows redirects leaves the credential behind when one leads to another origin, as the Fetch Standard
 * (HTTP-redirect fetch) wants it for `Authorization` alone. With any other header, a client must follow none.
 */
export function staysAtItsOrigin({ name }: CredentialHeader): boolean {
  return name === 'authorization';
}

/** The origin of a URL, in the one form that can be compared; none of what is no URL, or is one without an origin. */
export function originOf(url: string | URL, base?: string): string | undefined {
  if (!URL.canParse(String(url), base)) return undefined;
  const { origin } = new URL(url, base);
  return origin === 'null' ? undefined : origin;
}

/** A URL without the user and the password in it, of which some clients make an `Authorization`; any other text as it is. */
export function withoutUserinfo(url: string, base?: string): string {
  if (!URL.canParse(url, base)) return url;
  const parsed = new URL(url, base);
  if (!parsed.username && !parsed.password) return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/** Whether `fetch` would go from that origin to another one after this answer. */
export function leadsAway(status: number, location: string | string[] | undefined, origin: string): boolean {
  if (!REDIRECTS.has(status) || location === undefined) return false;
  return originOf([location].flat().join(', '), origin) !== origin;
}

/** A redirect would take the credential to another origin, and nobody said that it must not go there. */
export function redirectedAway(origin: string): TokenConfigError {
  return new TokenConfigError('origins', `must say where the credential may go: ${origin} redirects to another origin`);
}
