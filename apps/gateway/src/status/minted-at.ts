/** Longer than any life that a policy allows. */
const LONGEST_LIFE_MS = 25 * 86_400_000;

/**
 * When a token was minted, in epoch ms, by its generation: a fence is the time of the store in µs when its lease was granted, unless
 * the clock was set back meanwhile. Undefined for a token that has no such fence.
 */
export function mintedAtOf(generation: number | undefined, expiresAt: number | undefined): number | undefined {
  if (generation === undefined || expiresAt === undefined) return undefined;
  const at = Math.round(generation / 1_000);
  const lifeMs = expiresAt - at;
  return lifeMs > 0 && lifeMs <= LONGEST_LIFE_MS ? at : undefined;
}
