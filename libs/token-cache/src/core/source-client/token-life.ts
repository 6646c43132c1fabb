import { type TokenPolicy } from '../config/policy.js';
import { type MintedToken } from '../contract/token-source.js';

/** The margin never takes more than this part of a token's life. */
const MARGIN_SHARE = 0.1;
/** The refresh window never takes more than this part of a token's life. */
const REFRESH_SHARE = 0.2;
/** The refresh window is shortened by up to this part of it, so that tokens minted together are not refreshed together. */
const JITTER_SHARE = 0.25;

export interface TokenLife {
  /** From the moment the request for it was sent to its expiry. */
  readonly lifeMs: number;
  /** From the same moment to hard expiry. */
  readonly usableMs: number;
  /** How long before hard expiry it is refreshed. */
  readonly refreshWindowMs: number;
}

/** How long a token may be used, counted from before its request was sent. */
export function lifeOf(minted: MintedToken, policy: TokenPolicy, nowAt: number, random: () => number): TokenLife {
  const lifeMs = Math.min(statedLifeMs(minted, policy, nowAt), policy.maxLifeMs);
  const window = Math.min(policy.refreshWindowMs, lifeMs * REFRESH_SHARE);
  return {
    lifeMs,
    usableMs: lifeMs - Math.min(policy.safetyMarginMs, lifeMs * MARGIN_SHARE),
    refreshWindowMs: Math.floor(window * (1 - JITTER_SHARE * random())),
  };
}

/** A life above the maximum is most likely a mistake of units, so the token itself is asked before it is believed. */
function statedLifeMs({ accessToken, expiresInMs }: MintedToken, policy: TokenPolicy, nowAt: number): number {
  const stated = isLife(expiresInMs) ? expiresInMs : undefined;
  if (stated !== undefined && stated <= policy.maxLifeMs) return stated;
  return jwtLifeMs(accessToken, nowAt) ?? stated ?? policy.missingExpiryMs;
}

/** `exp` - `iat` (RFC 7519) needs no agreement of clocks; without `iat`, the time left until `exp`. */
function jwtLifeMs(accessToken: string, nowAt: number): number | undefined {
  const { exp, iat } = jwtClaims(accessToken);
  if (typeof exp !== 'number') return undefined;
  const lifeMs = typeof iat === 'number' ? (exp - iat) * 1_000 : exp * 1_000 - nowAt;
  return isLife(lifeMs) ? lifeMs : undefined;
}

function jwtClaims(accessToken: string): { exp?: unknown; iat?: unknown } {
  const [, claims = '', signature] = accessToken.split('.');
  if (signature === undefined) return {};
  try {
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as object | null) ?? {};
  } catch {
    return {};
  }
}

function isLife(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) > 0;
}
