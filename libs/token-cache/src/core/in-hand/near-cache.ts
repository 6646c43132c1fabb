import { LRUCache } from 'lru-cache';
import { type NearCachePolicy } from '../config/policy.js';
import { type Lease } from '../contract/token-store.js';
import { type FreshToken } from '../source-client/source-client.js';
import { type Token } from '../contract/token.js';

/** A token in hand. Its instants are monotonic. */
export interface HeldToken {
  readonly token: Token;
  /** Hard expiry. */
  readonly endsAt: number;
  readonly refreshAt: number;
  /** When the store last said that this is the shared one. */
  confirmedAt: number;
  /** When to refresh it, or to share it, in the background. */
  maintainAt: number;
  /** Minted here and not yet in the store; under which lease, if under one. */
  unshared?: { lease?: Lease };
}

/** The channel by which this process hears of changes. */
export interface Channel {
  readonly isUp: boolean;
  /** Monotonic; a token confirmed before this may have changed unheard. */
  readonly upSince: number;
}

/**
 * The in-process copy. A token is immutable and ends by itself, so the copy is correct without any coherence until hard
 * expiry; coherence is needed only to hear early of an invalidation.
 */
export class NearCache {
  private readonly held: LRUCache<string, HeldToken>;
  private readonly rejected: LRUCache<string, true>;

  constructor(
    private readonly policy: NearCachePolicy | false,
    maxEntries: number,
    private readonly channel: Channel | undefined,
  ) {
    this.held = new LRUCache({ max: maxEntries });
    this.rejected = new LRUCache({ max: maxEntries });
  }

  /** The token that may be served without asking the store. */
  trusted(keyId: string, now: number): HeldToken | undefined {
    const held = this.valid(keyId, now);
    return held && this.isTrusted(held, now) ? held : undefined;
  }

  /** The token that has not reached hard expiry, whatever the store may have to say. */
  valid(keyId: string, now: number): HeldToken | undefined {
    const held = this.held.get(keyId);
    return held && held.endsAt > now ? held : undefined;
  }

  /**
   * Keeps it, unless a better one is already here: a newer one that was confirmed later, since replies of the store may
   * overtake each other, or one that outlives a token which could not be shared.
   */
  keep(keyId: string, held: HeldToken): void {
    const current = this.held.peek(keyId);
    const overtaken =
      current && current.confirmedAt > held.confirmedAt && current.token.generation > held.token.generation;
    const outlived = current && held.unshared && current.endsAt > held.endsAt;
    if (!overtaken && !outlived) this.held.set(keyId, held);
  }

  drop(keyId: string, held = this.held.peek(keyId)): void {
    if (this.held.peek(keyId) === held) this.held.delete(keyId);
  }

  /** Drops what was shared up to that generation. */
  dropShared(keyId: string, generation: number): void {
    const held = this.held.peek(keyId);
    if (held && isOfTheStore(held) && held.token.generation <= generation) this.held.delete(keyId);
  }

  /** Never takes this access token from the store again; the generation that it has there, or nothing if that is no news. */
  reject(keyId: string, token: Token): number | undefined {
    if (this.isRejected(token.accessToken)) return undefined;
    this.rejected.set(token.accessToken, true);
    const held = this.held.peek(keyId);
    if (held?.token.accessToken !== token.accessToken) return token.generation;
    this.held.delete(keyId);
    return held.token.generation;
  }

  /** The source stands by this access token. */
  accept(accessToken: string): void {
    this.rejected.delete(accessToken);
  }

  isRejected(accessToken: string): boolean {
    return this.rejected.has(accessToken);
  }

  private isTrusted(held: HeldToken, now: number): boolean {
    if (held.unshared) return true;
    if (!this.policy || !this.channel) return false;
    return this.channel.isUp ? held.confirmedAt >= this.channel.upSince : now - held.confirmedAt < this.policy.maxAgeMs;
  }
}

/** Whether the store gave it its generation, and may have it. */
export function isOfTheStore({ unshared }: HeldToken): boolean {
  return !unshared || unshared.lease !== undefined;
}

/** What was minted, as far as it is still known. */
export function freshFrom({ token, endsAt, refreshAt }: HeldToken): FreshToken {
  return {
    content: {
      accessToken: token.accessToken,
      tokenType: token.tokenType,
      ...(token.scope !== undefined && { scope: token.scope }),
      expiresAt: token.expiresAt,
      refreshWindowMs: endsAt - refreshAt,
    },
    endsAt,
    refreshAt,
  };
}
