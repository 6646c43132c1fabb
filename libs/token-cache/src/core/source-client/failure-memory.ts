import { type Clock } from '../contract/clock.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { cooldownMs, cooledDown, rememberedFailure } from './cooldown.js';
import { type TokenSourceError } from '../contract/token-cache.errors.js';
import { type TokenKey } from '../config/token-key.js';
import { type Cooldown } from '../contract/token-store.js';

/** What is left alone: a key, or all keys of a provider. */
type Place = Pick<TokenKey, 'id' | 'integration'> & Partial<Pick<TokenKey, 'group'>>;

interface Failed {
  readonly group: string | undefined;
  readonly endsAt: number;
  readonly count: number;
  readonly failure: Cooldown;
}

/**
 * The failures that this process must know by itself: those that the store could not be told or has no place for, and those told to it that
 * bind this process alone, since the failure of another process may take their place there.
 */
export class FailureMemory {
  private readonly failures = recentlyUsed<Failed>();

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
  remember({ id, integration, group }: Place, error: TokenSourceError): TokenSourceError {
    const count = this.failures.get(id)?.count ?? 0;
    const remainingMs = cooldownMs(error, count, integration.policy.cooldown, this.random);
    const failure = rememberedFailure(error, remainingMs, this.process);
    const endsAt = this.clock.monotonic() + remainingMs;
    this.failures.set(id, { group, endsAt, count: count + 1, failure });
    return cooledDown(error, remainingMs);
  }

  /** Keeps a failure of this process alone for as long as it lasts: that of another process may take its place in the store. */
  keep({ id, group }: Place, failure: Cooldown): void {
    const count = this.failures.get(id)?.count ?? 0;
    const endsAt = this.clock.monotonic() + failure.remainingMs;
    this.failures.set(id, { group, endsAt, count, failure });
  }

  forget(id: string): void {
    this.failures.delete(id);
  }

  /** Forgets those of all keys of a group. */
  forgetGroup(group: string): void {
    for (const [id, failed] of [...this.failures.entries()]) if (failed.group === group) this.failures.delete(id);
  }
}
