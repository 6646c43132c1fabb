import { epochMsOf, statedNumber } from '../contract/stated-number.js';

/** What a JWT says of its own time (RFC 7519 section 4.1), in epoch ms by the clock of its issuer. */
export interface JwtTimes {
  /** The later of `iat` and `nbf`: its issuer's clock stands at it or after it. */
  readonly beginsAt?: number;
  /** `exp`. */
  readonly endsAt?: number;
}

/** The times of a token; none for one that is not a JWT. Its signature is none of the cache's business. */
export function jwtTimes(accessToken: string): JwtTimes {
  const { exp, iat, nbf } = claimsOf(accessToken);
  const endsAt = instantOf(exp);
  const beginnings = [iat, nbf].map(instantOf).filter((at) => at !== undefined);
  const beginsAt = beginnings.length > 0 ? Math.max(...beginnings) : undefined;
  // A token that begins when it is over says nothing of its beginning.
  const isOdd = beginsAt !== undefined && beginsAt >= (endsAt ?? Infinity);
  return isOdd ? { endsAt } : { beginsAt, endsAt };
}

function claimsOf(accessToken: string): { exp?: unknown; iat?: unknown; nbf?: unknown } {
  const [, claims = '', signature] = accessToken.split('.');
  if (signature === undefined) return {};
  try {
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as object | null) ?? {};
  } catch {
    return {};
  }
}

/** Some issuers write their claims as text or in milliseconds, which RFC 7519 section 2 does not allow. */
function instantOf(claim: unknown): number | undefined {
  const stated = statedNumber(claim);
  return stated === undefined ? undefined : epochMsOf(stated);
}
