import { type Clock } from '../contract/clock.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { cooldownMs, cooledDown, rememberedFailure } from './cooldown.js';
import { type TokenSourceError } from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';
import { type Cooldown } from '../contract/token-store.js';

const REMEMBERED_KEYS = 10_000;

/** What is left alone: a key, or all keys of a provider. */
type Place = Pick<TokenKey, 'id' | 'integration'>;

/** The failures that only this process knows, because the store could not be told or has no place for them. */
export class FailureMemory {
  private readonly failures = recentlyUsed<{ endsAt: number; count: number; failure: Cooldown }>(REMEMBERED_KEYS);

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    /** The name of this process, for failures that bind it alone. */
    private readonly process?: string,
  ) {}

  /** The failure whose cool-down is not over. */
  recent({ id }: Pick<TokenKey, 'id'>): Cooldown | undefined {
    const known = this.failures.get(id);
    const remainingMs = Math.ceil((known?.endsAt ?? 0) - this.clock.monotonic());
    return known && remainingMs > 0 ? { ...known.failure, remainingMs } : undefined;
  }

  /** Begins a cool-down, longer with every failure in a row; gives the error that callers see. */
  remember({ id, integration }: Place, error: TokenSourceError): TokenSourceError {
    const count = this.failures.get(id)?.count ?? 0;
    const remainingMs = cooldownMs(error, count, integration.policy.cooldown, this.random);
    const failure = rememberedFailure(error, remainingMs, this.process);
    this.failures.set(id, { endsAt: this.clock.monotonic() + remainingMs, count: count + 1, failure });
    return cooledDown(error, remainingMs);
  }

  /** Keeps a failure of this process alone for as long as it lasts: that of another process may take its place in the store. */
  keep(id: string, failure: Cooldown): void {
    const count = this.failures.get(id)?.count ?? 0;
    this.failures.set(id, { endsAt: this.clock.monotonic() + failure.remainingMs, count, failure });
  }

  forget(id: string): void {
    this.failures.delete(id);
  }
}
