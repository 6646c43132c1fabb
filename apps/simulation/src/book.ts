import { type TokenPolicy } from '@mintonce/token-cache';

/** What the identity provider remembers of a token. Instants are true ones, which nobody else can know. */
export interface IssuedToken {
  readonly accessToken: string;
  readonly label: string;
  readonly issuedAt: number;
  /** When the call was sent that last gave it. */
  askedAt: number;
  /** That call had no lease. */
  isLocal: boolean;
  /** From when on no caller may be given it, reckoned from before it was asked for, as the policy is written. */
  hardExpiryAt: number;
  /** The same by the answer that said the least of it: a provider that gives a token again may say otherwise. */
  soonestExpiryAt: number;
  /** When the provider itself ceases to honour it. */
  readonly endsAt: number;
  isRevoked: boolean;
}

/** One call to the token endpoint. */
export interface MintCall {
  readonly number: number;
  readonly label: string;
  readonly process: string;
  /** 0 without a lease. */
  readonly fence: number;
  readonly sentAt: number;
  /** What the wall clock of its process said then. */
  readonly wallOffsetMs: number;
  readonly forwardMs: number;
  /** The token that its process was given. */
  accessToken?: string;
  /** Still under way, as far as its process is concerned. */
  isRunning: boolean;
}

/** How long a token may be used from when it was asked for: section by section as the policy says, and not as the library does it. */
export function usableMs(stated: unknown, policy: TokenPolicy): number {
  const makesSense = typeof stated === 'number' && Number.isFinite(stated);
  if (makesSense && stated <= 0) return 0;
  const lifeMs = Math.min(makesSense ? stated : policy.missingExpiryMs, policy.maxLifeMs);
  return lifeMs - Math.min(policy.safetyMarginMs, lifeMs / 10);
}
