import { type Acquired, MemoryTokenStore } from '@mintonce/token-cache';
import { jwt, LIFE_MS } from '../contenders/jwt.js';

/**
 * A store that has a token for every key and takes no memory for it, so that what is measured is the memory of the process
 * that asks, and a million keys are there in seconds.
 */
export class FullStore extends MemoryTokenStore {
  private readonly payload = JSON.stringify({
    accessToken: jwt(),
    tokenType: 'Bearer',
    expiresAt: Date.now() + LIFE_MS,
    refreshWindowMs: 0,
    lifeMs: LIFE_MS,
  });

  /** Look-ups so far. */
  asked = 0;

  override async acquire(): Promise<Acquired> {
    this.asked++;
    return { outcome: 'hit', token: { fence: 1, payload: this.payload, ttlMs: LIFE_MS }, voidedUpTo: 0 };
  }
}
