import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type TokenSourceError } from '../contract/token-cache.errors.js';
import { type Cooldown } from '../contract/token-store.js';
import { bindingOf } from './cooldown.js';
import { FailureMemory } from './failure-memory.js';
import { accountOf } from './provider.js';

/**
 * The providers that throttle this process. What one key was told holds for every key of the same provider and client; other
 * processes hear of it when they ask, since no record of the store belongs to a provider.
 */
export class ProviderPace {
  private readonly throttled: FailureMemory;

  constructor(clock: Clock, random: () => number) {
    this.throttled = new FailureMemory(clock, random);
  }

  /** The failure of this or another key for which the provider is to be left alone. */
  cooling(key: TokenKey): Cooldown | undefined {
    return this.throttled.recent({ id: accountOf(key) });
  }

  /** Remembers a failure if it binds the provider. One that tells of no longer pause than the present one counts for nothing. */
  failed(key: TokenKey, error: TokenSourceError): void {
    if (bindingOf(error) !== 'provider') return;
    const { remainingMs = -Infinity } = this.cooling(key) ?? {};
    if (remainingMs >= (error.retryAfterMs ?? 0)) return;
    this.throttled.remember({ id: accountOf(key), integration: key.integration }, error);
  }

  /** A request that was sent before the present pause says nothing about it. */
  succeeded(key: TokenKey): void {
    if (!this.cooling(key)) this.throttled.forget(accountOf(key));
  }
}
