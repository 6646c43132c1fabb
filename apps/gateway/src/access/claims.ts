import { type JWTPayload } from 'jose';

/** Claims that hold several values in one string (RFC 8693 section 4.2, and Microsoft's `scp`). */
const LISTS = new Set(['scope', 'scp']);

/** Whether a token has every claim with that value: as the value itself, or as one of a list. */
export function hasClaims(claims: JWTPayload, expected: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(expected).every(([name, value]) => valuesOf(name, claimOf(claims, name)).includes(value));
}

/** A claim by its name, which may be a path as in `realm_access.roles`. */
function claimOf(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<unknown>((value, part) => {
    const isMapping = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    return isMapping ? (value as Record<string, unknown>)[part] : undefined;
  }, claims);
}

function valuesOf(name: string, claim: unknown): unknown[] {
  if (Array.isArray(claim)) return claim;
  return typeof claim === 'string' && LISTS.has(name) ? claim.split(' ') : [claim];
}
