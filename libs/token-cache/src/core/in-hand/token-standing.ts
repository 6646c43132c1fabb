import { type LRUCache } from 'lru-cache';
import { type Clock } from '../contract/clock.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type Token } from '../contract/token.js';
import { type TokensInHand } from './tokens-in-hand.js';

/** For how long an acceptance speaks for a token, and a new token may be unknown to a replica of the upstream. */
const RECENT_MS = 5_000;

/** What the upstreams said to this process of the tokens that it sent them. */
export class TokenStanding {
  private readonly accepted: LRUCache<string, { readonly generation: number; readonly at: number }>;

  constructor(
    private readonly clock: Clock,
    private readonly tokens: TokensInHand,
    maxEntries: number,
  ) {
    this.accepted = recentlyUsed(maxEntries);
  }

  /** An upstream accepted that token; a late answer to an older one says nothing of the newer. */
  accept({ keyId, generation }: Token): void {
    if ((this.accepted.get(keyId)?.generation ?? generation) > generation) return;
    this.accepted.set(keyId, { generation, at: this.clock.monotonic() });
  }

  /** Whether an upstream accepted that token a moment ago: a refusal may concern one path, or one replica. */
  isAccepted(token: Token): boolean {
    return this.clock.monotonic() - (this.acceptedAt(token) ?? -Infinity) < RECENT_MS;
  }

  /** Whether that token is so new here that an upstream may not know it yet. */
  isUntried(token: Token): boolean {
    const found = this.tokens.find(token);
    if (!found || this.acceptedAt(token) !== undefined) return false;
    return this.clock.monotonic() - found.held.obtainedAt < RECENT_MS;
  }

  private acceptedAt({ keyId, generation }: Token): number | undefined {
    const known = this.accepted.get(keyId);
    return known?.generation === generation ? known.at : undefined;
  }
}
