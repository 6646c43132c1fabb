import { type LRUCache } from 'lru-cache';
import { type NearCachePolicy } from '../config/policy.js';
import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { concerns } from '../contract/concerns.js';
import { ExpiringMap } from '../contract/expiring-map.js';
import { type HeardEvent, type HeardGroupEvent, type HeardKeyEvent } from '../contract/heard-event.js';
import {
  freshFrom,
  hasGeneration,
  type HeldToken,
  isSameToken,
  isVoidedBy,
  type Sharing,
} from '../contract/held-token.js';
import { after, isOver, leftMs, type Moment, momentOf, MOST_DRIFT_MS, sleptMs } from '../contract/moment.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type FreshToken } from '../contract/token-content.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type StoredToken } from '../contract/token-store.js';
import { Token } from '../contract/token.js';
import { BREAKER_RESET_MS } from '../store-client/breaker.js';
import { type KeyWatch } from '../store-client/key-watch.js';
import { type PayloadCodec } from '../store-client/payload-codec.js';
import { enoughLifeMs } from './enough-life.js';

/** The channel by which this process hears of changes. */
export interface Channel {
  /** Whether this process has heard of every change since that monotonic instant, so that what it was told then is current. */
  hasHeardSince(at: number): boolean;
  /** Whether changes go unheard for a while, in which what is in hand may still be given for `maxAgeMs`. */
  readonly isInterrupted: boolean;
}

/**
 * What came of a token of the store. `voided`: it was rejected, purged or ended on its way. `outdated`: the store has lost
 * the newer one that we hold. `unusable`: it was sealed with another key, is not ours, or is over by a clock of this process.
 */
export type Admission =
  | { readonly outcome: 'held'; readonly held: HeldToken }
  | { readonly outcome: 'voided' | 'outdated' | 'unusable'; readonly held?: undefined };

export interface TokensInHandParts {
  policy: NearCachePolicy | false;
  maxEntries: number;
  /** Undefined for a store without events, which is asked on each look-up. */
  channel: Channel | undefined;
  clock: Clock;
  codec: PayloadCodec;
  observers: TokenObservers;
  /** Called when callers of that key can be served. */
  onServable(keyId: string): void;
}

/** A token in hand, and what is known of it. */
interface Entry {
  readonly key: TokenKey;
  held: HeldToken;
  /** When the call was sent to which the store answered that this is the shared one. */
  confirmed: Moment;
  /** Marked as rejected: given out only when no other token can be had. */
  isRejected: boolean;
  /**
   * The store, which can tell, is asked before it is given again: it is refused by one upstream and accepted by another, or a purge may
   * have voided it that bears a lower fence, since the store's clock was set back.
   */
  isInDoubt?: boolean;
}

/**
 * The tokens in the hand of this process: near cache, and last resort. A token is immutable and ends by itself, so a copy
 * is correct without coherence until hard expiry; coherence is needed only to hear early of a rejection or a purge.
 */
export class TokensInHand {
  private readonly entries: LRUCache<string, Entry>;
  /** Tokens that no other process has; to evict one would cost a mint, so that their number has no bound but their lives. */
  private readonly unshared = new ExpiringMap<Entry>();
  /** The keys of the tokens that were ever in hand, for as long as an application holds one. */
  private readonly keys = new WeakMap<Token, TokenKey>();

  constructor(private readonly parts: TokensInHandParts) {
    this.entries = recentlyUsed(parts.maxEntries);
  }

  /** The token that may be given out without asking the store. */
  trusted(keyId: string, now: Moment): HeldToken | undefined {
    const entry = this.entries.get(keyId) ?? this.unshared.get(keyId);
    if (!entry || entry.isRejected || isOver(entry.held.ends, now)) return undefined;
    return this.isTrusted(entry, now) ? entry.held : undefined;
  }

  /** The token that neither ended nor was rejected, whatever the store may have to say. */
  valid(keyId: string): HeldToken | undefined {
    const entry = this.live(keyId);
    return entry?.isRejected ? undefined : entry?.held;
  }

  /** The token that has not ended, be it rejected: for callers that can be given no other. */
  lastResort(keyId: string): HeldToken | undefined {
    return this.live(keyId)?.held;
  }

  /** The last token that was in hand, ended or not. */
  last(keyId: string): HeldToken | undefined {
    return this.peek(keyId)?.held;
  }

  /** The given token as it is in hand now, and its key. */
  find(token: Token): { readonly key: TokenKey; readonly held: HeldToken } | undefined {
    const entry = this.peek(token.keyId);
    // Two processes may give one generation to tokens that they mint without the store.
    const isSame = entry && hasGeneration(entry.held, token.generation);
    return isSame && entry.held.token.accessToken === token.accessToken ? entry : undefined;
  }

  /** The key of a token that is or was in hand; it names the request, which the id of a token does not tell. */
  keyOf(token: Token): TokenKey | undefined {
    return this.keys.get(token);
  }

  /** Whether a newer token than this one is in hand. */
  hasNewerThan({ keyId, generation }: Token): boolean {
    const current = this.valid(keyId);
    return current !== undefined && current.token.generation > generation && current.formerGeneration !== generation;
  }

  /** Whether another token of the same generation is in hand, as of processes that mint without the store. */
  hasNamesakeOf({ keyId, generation, accessToken }: Token): boolean {
    const current = this.valid(keyId);
    return current !== undefined && hasGeneration(current, generation) && current.token.accessToken !== accessToken;
  }

  /** Takes a token that the store gave as the shared one, unless we know better. */
  admit(key: TokenKey, stored: StoredToken, sentAt: Moment, watch: KeyWatch): Admission {
    const ends = after(sentAt, stored.ttlMs);
    const now = momentOf(this.parts.clock);
    if (watch.hasVoided(stored.fence) || isOver(ends, now)) return { outcome: 'voided' };
    const known = this.peek(key.id);
    if (known && this.isOf(known, stored, sentAt, now)) return this.confirm(known, ends, sentAt, now);
    const current = this.live(key.id);
    if (current && isNewer(current, stored, sentAt)) return { outcome: 'outdated' };
    const held = this.open(key, stored, ends);
    if (!held) return { outcome: 'unusable' };
    return { outcome: 'held', held: this.put({ key, held, confirmed: sentAt, isRejected: false }) };
  }

  /**
   * Takes a token of the store that does not serve, as the last resort, unless a better one is in hand.
   *
   * @param isMarked by the store, and not only of no use to the caller; the same token in hand is then marked as well
   */
  admitRejected(key: TokenKey, stored: StoredToken, isMarked: boolean, sentAt: Moment, watch: KeyWatch): void {
    const ends = after(sentAt, stored.ttlMs);
    const now = momentOf(this.parts.clock);
    if (watch.hasPurged(stored.fence) || isOver(ends, now)) return;
    const known = this.peek(key.id);
    if (known && this.isOf(known, stored, sentAt, now)) {
      this.learnEnds(known, ends, sentAt);
      if (isMarked) known.isRejected = true;
      return;
    }
    const current = this.live(key.id);
    if (current && !isPastResort(current, stored)) {
      if (isMarked && this.isTheSame(current, stored, sentAt)) current.isRejected = true;
      return;
    }
    const held = this.open(key, stored, ends);
    if (held) this.put({ key, held, confirmed: sentAt, isRejected: true });
  }

  /** Lets go of a token that the store calls void, unless it hands it back as a rejected one. */
  heed(keyId: string, voidedUpTo: number, handedBack: StoredToken | undefined): void {
    const entry = this.peek(keyId);
    if (!entry || entry.held.token.generation > voidedUpTo) return;
    if (entry.held.token.generation === handedBack?.fence) entry.isRejected = true;
    else this.remove(keyId);
  }

  /** Takes a token that was minted here, under its generation. */
  keep(key: TokenKey, fresh: FreshToken, generation: number, confirmed: Moment, sharing: Sharing): HeldToken {
    const held = this.heldToken(key, fresh, generation, sharing);
    return this.put({ key, held, confirmed, isRejected: false });
  }

  /**
   * Takes a token that was in hand before it was shared under a new generation; a rejection of it holds on.
   *
   * @param wasRejected while it was in hand, where another may have taken its place since
   */
  keepShared(
    key: TokenKey,
    former: HeldToken,
    generation: number,
    confirmed: Moment,
    sharing: Sharing,
    wasRejected = false,
  ): HeldToken {
    const isRejected = this.entryOfText(key.id, former)?.isRejected ?? wasRejected;
    const shared = this.heldToken(key, freshFrom(former), generation, sharing);
    const held = { ...shared, obtainedAt: former.obtainedAt, formerGeneration: former.token.generation };
    return this.put({ key, held, confirmed, isRejected });
  }

  /** Lets go of that token, if it is the one in hand. */
  drop(keyId: string, held: HeldToken): void {
    if (this.entryOf(keyId, held)) this.remove(keyId);
  }

  /** Whether that token is in hand, under whichever generation, and marked as rejected. */
  isRejected(keyId: string, held: HeldToken): boolean {
    return this.entryOfText(keyId, held)?.isRejected === true;
  }

  /** Marks that token as rejected. */
  reject(keyId: string, held: HeldToken): void {
    const entry = this.entryOf(keyId, held);
    if (entry) entry.isRejected = true;
  }

  /** Has the store asked before that token is given again, while the store answers. */
  doubt(keyId: string, held: HeldToken): void {
    const entry = this.entryOf(keyId, held);
    if (entry) entry.isInDoubt = true;
  }

  /** Lets go of a token that was purged, marks one that was rejected, and has one tended that the fleet replaced. */
  notice(event: HeardEvent): void {
    if (event.type === 'purged-group') this.noticeGroup(event);
    else this.noticeKey(event);
  }

  private noticeKey(event: HeardKeyEvent): void {
    const entry = this.peek(event.keyId);
    if (entry && isReplacedBy(event, entry.held)) this.tendAt(entry, this.parts.clock.monotonic());
    if (!entry || !isVoidedBy(event, entry.held)) return;
    if (event.type === 'purged') this.remove(event.keyId);
    else entry.isRejected = true;
  }

  private noticeGroup(event: HeardGroupEvent): void {
    for (const [keyId, entry] of [...this.entries.entries(), ...this.unshared.all()]) {
      if (!concerns(event, entry.key)) continue;
      if (isVoidedBy(event, entry.held)) this.remove(keyId);
      else if (entry.held.sharing.state === 'shared') entry.isInDoubt = true;
    }
  }

  /** The fleet turned out to share no newer token that can be used here. */
  forgetSuccessor(keyId: string, held: HeldToken): void {
    const entry = this.entryOf(keyId, held);
    if (entry) this.tendAt(entry, held.refreshAt);
  }

  private tendAt(entry: Entry, tendAt: number): void {
    entry.held = { ...entry.held, tendAt };
  }

  private peek(keyId: string): Entry | undefined {
    return this.entries.peek(keyId) ?? this.unshared.get(keyId);
  }

  /** The entry of that key, if it is of that token. */
  private entryOf(keyId: string, held: HeldToken): Entry | undefined {
    const entry = this.peek(keyId);
    return isSameToken(entry?.held, held) ? entry : undefined;
  }

  /** The same by its text, since other work may have shared it meanwhile under a generation of its own. */
  private entryOfText(keyId: string, { token }: HeldToken): Entry | undefined {
    const entry = this.peek(keyId);
    return entry?.held.token.accessToken === token.accessToken ? entry : undefined;
  }

  private live(keyId: string): Entry | undefined {
    const entry = this.entries.get(keyId) ?? this.unshared.get(keyId);
    return entry && !isOver(entry.held.ends, momentOf(this.parts.clock)) ? entry : undefined;
  }

  private remove(keyId: string): void {
    this.entries.delete(keyId);
    this.unshared.delete(keyId);
  }

  /** The store says again that it is the shared one. */
  private confirm(entry: Entry, ends: Moment, sentAt: Moment, now: Moment): Admission {
    if (isOver(this.learnEnds(entry, ends, sentAt), now)) return { outcome: 'unusable' };
    entry.isRejected = false;
    entry.isInDoubt = false;
    return { outcome: 'held', held: entry.held };
  }

  /** The store tells its life again: no end moves away by that, but for that of a clock that was set. Gives the sooner ends. */
  private learnEnds(entry: Entry, ends: Moment, sentAt: Moment): Moment {
    const { held, confirmed } = entry;
    const isSetAnew = wasClockSet(confirmed, sentAt);
    const monotonicAt = Math.min(held.ends.monotonicAt, ends.monotonicAt);
    const wallAt = isSetAnew ? ends.wallAt : Math.min(held.ends.wallAt, ends.wallAt);
    if (isSetAnew) entry.held = { ...held, ends: { monotonicAt, wallAt } };
    entry.confirmed = sentAt;
    return { monotonicAt, wallAt };
  }

  /**
   * Puts it in hand, unless a better one is there: a newer one that was confirmed later, since replies of the store may
   * overtake each other, or one that outlives it where only one of the two is shared.
   */
  private put(entry: Entry): HeldToken {
    const { key, held } = entry;
    const current = this.live(key.id);
    const now = momentOf(this.parts.clock);
    if (!current || current.isRejected || !isBetter(current, entry, now)) this.set(entry);
    this.parts.observers.notify('learned', key.integration.name, held.token.expiresAt);
    return held;
  }

  private set(entry: Entry): void {
    const { key, held } = entry;
    this.remove(key.id);
    if (held.sharing.state === 'shared') this.entries.set(key.id, entry);
    else this.unshared.set(key.id, entry, held.ends.monotonicAt, this.parts.clock.monotonic());
    if (!entry.isRejected) this.parts.onServable(key.id);
  }

  /**
   * Whether the store tells of the token in hand. A generation alone does not say so: processes that mint without the store may
   * come to the same one, as does a store that lost its last writes. Where it would end a mark, or move an end away, the texts are
   * compared as well.
   */
  private isOf({ key, held, confirmed, isRejected }: Entry, stored: StoredToken, sentAt: Moment, now: Moment): boolean {
    if (held.sharing.state !== 'shared' || held.token.generation !== stored.fence) return false;
    const isCertain = !isRejected && !isOver(held.ends, now) && !wasClockSet(confirmed, sentAt);
    return isCertain || this.textOf(key, stored) === held.token.accessToken;
  }

  /** One token has two generations after it was lost, and shared again by a process that knew it by the former. */
  private isTheSame({ key, held, confirmed }: Entry, stored: StoredToken, sentAt: Moment): boolean {
    return confirmed.monotonicAt <= sentAt.monotonicAt && this.textOf(key, stored) === held.token.accessToken;
  }

  private textOf(key: TokenKey, { fence, payload }: StoredToken): string | undefined {
    return this.parts.codec.decode(key.id, fence, payload)?.accessToken;
  }

  private open(key: TokenKey, { fence, payload }: StoredToken, ends: Moment): HeldToken | undefined {
    const content = this.parts.codec.decode(key.id, fence, payload);
    if (!content) {
      this.parts.observers.notify('unreadable', key.integration.name);
      return undefined;
    }
    return this.heldToken(key, { content, ends }, fence, { state: 'shared' });
  }

  private heldToken(key: TokenKey, fresh: FreshToken, generation: number, sharing: Sharing): HeldToken {
    const { content, ends } = fresh;
    const now = momentOf(this.parts.clock);
    const { accessToken, tokenType, scope, expiresAt, refreshWindowMs, lifeMs } = content;
    const refreshAt = ends.monotonicAt - refreshWindowMs;
    const token = new Token({
      accessToken,
      tokenType,
      scope,
      integration: key.integration.name,
      generation,
      expiresAt,
      endsAt: Math.floor(now.wallAt + leftMs(ends, now)),
      refreshAt: Math.floor(now.wallAt + refreshAt - now.monotonicAt),
      keyId: key.id,
      credential: key.integration.credential,
    });
    this.keys.set(token, key);
    const tendAt = sharing.state === 'shared' ? refreshAt : now.monotonicAt + BREAKER_RESET_MS;
    const given = Promise.resolve(token);
    return { token, given, ends, lifeMs, refreshAt, obtainedAt: now.monotonicAt, tendAt, sharing };
  }

  private isTrusted({ held, confirmed, isInDoubt }: Entry, now: Moment): boolean {
    if (isInDoubt) return false;
    if (held.sharing.state !== 'shared') return true;
    const { policy, channel } = this.parts;
    if (!policy || !channel || wasClockSet(confirmed, now)) return false;
    return channel.isInterrupted
      ? now.monotonicAt - confirmed.monotonicAt < policy.maxAgeMs
      : channel.hasHeardSince(confirmed.monotonicAt);
  }
}

/** Whether the wall clock was set since, or the machine slept. */
function wasClockSet(since: Moment, now: Moment): boolean {
  return Math.abs(sleptMs(since, now)) > MOST_DRIFT_MS;
}

function isReplacedBy({ type, fence }: HeardKeyEvent, { sharing, token }: HeldToken): boolean {
  return type === 'stored' && sharing.state === 'shared' && token.generation < fence;
}

/** The store rejects a newer token than this one, which it had before, or which was rejected as well. */
function isPastResort({ held, isRejected }: Entry, stored: StoredToken): boolean {
  if (held.sharing.state !== 'shared') return isRejected;
  return held.token.generation < stored.fence;
}

/** Published later; an answer that left the store before we learned of the other token says nothing. */
function isNewer({ held, confirmed, isRejected }: Entry, stored: StoredToken, sentAt: Moment): boolean {
  if (isRejected || held.sharing.state !== 'shared') return false;
  return held.token.generation > stored.fence && confirmed.monotonicAt <= sentAt.monotonicAt;
}

function isBetter(current: Entry, { held, confirmed }: Entry, now: Moment): boolean {
  const isNewerThere = current.held.token.generation > held.token.generation;
  const isReply = held.sharing.state !== 'unshared';
  const isOvertaking = isReply && isNewerThere && current.confirmed.monotonicAt > confirmed.monotonicAt;
  return isOvertaking || isOutlived(current.held, held, now);
}

function isOutlived(current: HeldToken, held: HeldToken, now: Moment): boolean {
  if (held.sharing.state !== 'shared') return current.ends.monotonicAt > held.ends.monotonicAt;
  return current.sharing.state === 'unshared' && leftMs(held.ends, now) < enoughLifeMs(freshFrom(current), now);
}
