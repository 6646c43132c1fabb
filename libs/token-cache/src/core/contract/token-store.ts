/**
 * Port: where processes share tokens, leases and cool-downs. Every method is one atomic step on one key, but `purgeGroup`.
 *
 * A key id is any text, or `<group>.<id>`, which `parseKeyId` takes apart: then the key is purged with its group as well. Records
 * and events are of the id without the group.
 *
 * The store is the only clock: it decides whether a lease is live and how long a token still has. A fence is the number
 * of a lease; it rises strictly per key and becomes the generation of the token minted under it, so that a holder which
 * was paused past its lease can never overwrite a newer token (M. Kleppmann, "How to do distributed locking", 2016).
 *
 * Methods reject when the store cannot be reached; they never answer from a guess.
 */
export interface TokenStore {
  /** What the other processes did. A store without events is cheap to read: it is asked on every look-up and polled, unless it tells a `version`. */
  readonly events?: TokenStoreEvents | undefined;

  /** Says what is there and changes nothing. */
  peek(keyId: string): Promise<Peeked>;

  /**
   * The token if it serves the attempt: it is not marked as rejected, is not of `refusedGeneration`, and lives longer than
   * `minTtlMs`; else the right to mint one, or why not. A token that merely lives too short is also a hit while it cannot be
   * replaced now. The same nonce is given its own live lease again, with the same fence, so that neither a lost reply nor other
   * work of the process makes it wait for itself. That does not extend the lease, which `renew` does: a process that hears no
   * answer would otherwise keep the others waiting with every attempt.
   * A lease that ends later than `leaseMs` from now was granted before the store's clock was set back, and is over.
   */
  acquire(keyId: string, attempt: Attempt): Promise<Acquired>;

  /** Extends a lease by `leaseMs` from now, even one that lapsed unless it was taken over; false when it is no longer ours. */
  renew(keyId: string, lease: Lease): Promise<boolean>;

  /**
   * Publishes the token under its fence, releases the lease, forgets failures and wakes the waiters. Idempotent. A
   * lease that lapsed commits all the same unless its fence is void or a newer one exists, or every record of the key is gone
   * and the fence is older than `leaseMs`.
   *
   * @param ttlMs time to hard expiry when the commit is sent, greater than 0; what the commit takes to arrive comes off it, as
   *   far as `lease.sinceGrantMs` tells
   */
  commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed>;

  /**
   * Releases a lease that is still ours, remembers the failure for `cooldown.remainingMs` if given, and wakes the waiters; false
   * when the lease is no longer ours and nothing was written. A cool-down that names a process binds the whole fleet all the
   * same while another one lasts that is not of that process: two processes that fail are no fault of one.
   */
  fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<boolean>;

  /**
   * Publishes, without a lease, a token that this process holds and the store has lost or never had, and wakes the waiters.
   * Leases, cool-downs and the pace of rejections stay as they are, so that a mint under way replaces this token. Idempotent.
   *
   * @param generation the fence that the token was minted under; where it was minted without a lease, the number right above the
   *   newest fence that its process had seen
   * @param ttlMs time to hard expiry when the offer is sent, greater than 0
   * @param since tells what the offer took to arrive, which comes off `ttlMs`; unset when the store has not answered before
   */
  offer(keyId: string, generation: number, payload: string, ttlMs: number, since?: AnsweredSince): Promise<Offered>;

  /**
   * Decides about a rejection; `replaced` marks the token and announces that. A marked token stays until the next commit, and
   * `acquire` hands it back beside `wait`, `cooling` and `lease`, for callers that can be given no other.
   */
  invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict>;

  /**
   * Deletes token, cool-down and the memory of rejections, voids a mint in flight by raising the fence, and announces it.
   * Answers the fence up to which everything is void; leases granted from now on lie above it. The fence is remembered for as
   * long as the key is.
   *
   * @param withinMs for how long the caller waits: a purge that reaches the store later deletes nothing and rejects, since it
   *   may have been waiting in a queue or was sent again. Without it a purge is carried out whenever it arrives.
   */
  purge(keyId: string, withinMs?: number): Promise<number>;

  /**
   * Does to every key of a group what `purge` does, whoever knows of it, and announces that once. From now on a record that was
   * written before is as `purge` would have left it, and what a record was lost of is void up to this fence. That is remembered for
   * as long as a token or a record of before could last.
   *
   * Answers the highest fence up to which a key of the group is void by that: where the keys lie on several servers, each of them takes
   * its own time for the fence. A key that was granted a higher fence before, since the store's clock was set back, is void up to that,
   * and its next answer says so.
   *
   * @param withinMs as for `purge`. Where the keys lie on several servers, some of them may be purged although this rejects: repeat it
   */
  purgeGroup(group: string, withinMs?: number): Promise<number>;

  /** Resolves when the store can be written to. */
  ping(): Promise<void>;

  /** Closes the connections that the store itself opened. */
  close(): Promise<void>;

  /**
   * Names the part of the store that holds a key and fails as one, such as a shard. Calls of one part say nothing of another.
   * @defaultValue the store fails as a whole
   */
  nodeOf?(keyId: string): string;

  /**
   * A number that is another one after each change of any process to what is shared, read at once. By it copies in the processes
   * are current without an event channel, and those that wait hear of a change: it is read every 10 ms while there are any.
   * Undefined: it cannot be told now.
   * @defaultValue never told: a store without events is asked on each look-up, and polled by those that wait
   */
  version?(): number | undefined;

  /**
   * Resolves when calls can be sent; `undefined` if they can be now. A call waits for this within its time limit, and is not
   * made at all once that is over.
   * @defaultValue calls can always be sent
   */
  ready?(): Promise<void> | undefined;

  /**
   * Whether a method rejected with what the store answered, such as being full, and not for want of an answer.
   * @defaultValue every rejection is the want of an answer
   */
  hasAnswered?(error: unknown): boolean;
}

/** One attempt to get a token or the right to mint it. */
export interface Attempt {
  /** Names the holder, unguessable: a live lease is granted again to the nonce that has it. A process uses one for all its attempts. */
  readonly nonce: string;
  /** How long a lease lasts that is granted now, in ms; greater than 0. */
  readonly leaseMs: number;
  /** A token that lives no longer than this is to be replaced: 0 for an ordinary look-up, the refresh window to refresh early. */
  readonly minTtlMs: number;
  /** The generation of a token that is of no use to the caller, however long it lives. */
  readonly refusedGeneration?: number;
  /** The process that asks: the cool-down of another process does not bind it. Unset: it is bound by every cool-down. */
  readonly process?: string;
}

/** A token that an upstream refused, and how often policy lets a token of its key be replaced. */
export interface Rejection {
  /** That of the token; one that is not the shared one is `stale`. */
  readonly generation: number;
  /** From one replacement to the next; doubled by one that comes within twice this time of the last. */
  readonly paceMs: number;
  /** The longest pace. */
  readonly maxPaceMs: number;
  /**
   * The upstream accepted the same token a moment ago. The token is then not marked: it is refreshed early, at most once per
   * `maxPaceMs`, while other callers go on with it.
   */
  readonly isContested: boolean;
}

/**
 * What became of a rejection. `replaced`: the token is marked, and the next caller mints. `contested`: it may be refreshed
 * early. `held`: it is too soon after the last replacement; nothing was written. `stale`: the token is not the shared one
 * any more, or its replacement is under way.
 */
export type RejectionVerdict = 'replaced' | 'contested' | 'held' | 'stale';

/** The right to mint one token. */
export interface Lease {
  /** That of the attempt, which names the holder. */
  readonly nonce: string;
  /** Its number, which rises strictly per key and becomes the generation of the token. */
  readonly fence: number;
  /** How long it lasts from the grant or the last renewal, in ms. */
  readonly leaseMs: number;
  /**
   * How long its holder had known of the grant when it sent a commit. A fence is the store's own time of the grant in us
   * (unless its clock was set back), so the store knows what the commit took to arrive; without this it cannot tell.
   */
  readonly sinceGrantMs?: number;
}

/** A published token as the store holds it. */
export interface StoredToken {
  /** Under which it was published: its generation. */
  readonly fence: number;
  /** Opaque to the store. */
  readonly payload: string;
  /** Time to hard expiry, in ms, greater than 0. */
  readonly ttlMs: number;
}

/** When the store answered last, for what is sent to it without a lease. */
export interface AnsweredSince {
  /** The store's own time of that answer, in us. */
  readonly answeredAtUs: number;
  /** How long ago the answer arrived, in ms. */
  readonly sinceMs: number;
}

/** A failure that the fleet remembers. */
export interface Cooldown {
  /** How long the source is left alone from now on, in ms. */
  readonly remainingMs: number;
  /** Opaque to the store. */
  readonly error: string;
  /** The only process that is bound; unset when the whole fleet is. */
  readonly process?: string;
}

/** Why a token is minted. */
export type MintReason = 'miss' | 'refresh' | 'invalidated';

/** What a process must know that may hold a token of its own. */
export interface Voided {
  /** All that was minted under this fence or an older one was purged or rejected, be it replaced since; 0 for nothing. */
  readonly voidedUpTo: number;
}

/** What is told beside every answer to an attempt but a hit. */
export interface NotServed extends Voided {
  /** A token that is valid but does not serve the attempt, being marked or refused. */
  readonly rejected?: StoredToken;
}

/** An answer without a token or the right to mint one. */
export interface TurnedAway extends NotServed {
  /** The store's own time of this answer, in us: an offer that names it loses what it takes to arrive. */
  readonly answeredAtUs: number;
}

/**
 * The answer to an attempt. `hit`: a token for it; `wait`: another process mints; `cooling`: the source is left alone; `lease`: the right to
 * mint.
 */
export type Acquired =
  | (Voided & {
      readonly outcome: 'hit';
      /** The token that serves, or that cannot be replaced now. */
      readonly token: StoredToken;
    })
  | (TurnedAway & {
      readonly outcome: 'wait';
      /** What is left of the lease of the process that mints, in ms. */
      readonly leaseEndsInMs: number;
    })
  | (TurnedAway & {
      readonly outcome: 'cooling';
      /** For how long, after which failure. */
      readonly cooldown: Cooldown;
    })
  | (NotServed & {
      readonly outcome: 'lease';
      /** By which the token is committed. */
      readonly lease: Lease;
      /** `leaseMs`, or what is left of a lease that the nonce had already. */
      readonly leaseEndsInMs: number;
      /** `refresh` when an unmarked token is still valid, `invalidated` after a mark or a purge, else `miss`. */
      readonly reason: MintReason;
      /** The last fence that was published, unless the store lost its memory. */
      readonly published?: number;
      /** Failures in a row since the last commit or purge. */
      readonly failures: number;
      /** The token that lives no longer than `minTtlMs`, if any. */
      readonly token?: StoredToken;
    });

/**
 * The answer to a commit. `duplicate`: this very commit was stored before. `voided`: the token was purged or rejected, or is older than one
 * that was. `superseded`: a newer fence exists, or the store cannot know; the token itself may be good.
 */
export type Committed =
  | { readonly outcome: 'stored' | 'duplicate' | 'voided' }
  | {
      readonly outcome: 'superseded';
      /** The newer one, if there is one. */
      readonly token?: StoredToken;
    };

/**
 * The answer to an offer. `voided`: the token was purged or rejected, or is older than one that was. `superseded`: a newer token was
 * published, or one that serves is there; or the offered token has ended.
 */
export type Offered =
  | { readonly outcome: 'stored' | 'voided' }
  | {
      readonly outcome: 'superseded';
      /** The one that serves, if it is there. */
      readonly token?: StoredToken;
    };

/** What a store has under a key. */
export interface Peeked extends Voided {
  /** The token that is valid, marked or not. */
  readonly token?: StoredToken;
  /** Whether that token is marked as rejected. */
  readonly isRejected: boolean;
  /** The cool-down that is not over. */
  readonly cooldown?: Cooldown;
}

/** Something happened in any process. Delivered at most once: a listener must also survive without it. */
export type TokenStoreEvent = TokenKeyEvent | TokenGroupEvent;

/** All keys of a group were purged. */
export interface TokenGroupEvent {
  /** Tells it from the event of a key. */
  readonly type: 'purged-group';
  /** As `parseKeyId` takes it from the ids of its keys. */
  readonly group: string;
  /** Up to it everything is void, as `purgeGroup` answered. */
  readonly fence: number;
}

/** Something happened to a key. */
export interface TokenKeyEvent {
  /**
   * `invalidated` and `purged` are always sent; `stored` and `failed` only when a process waits, or took a token that was
   * offered while the lease was held.
   */
  readonly type: 'stored' | 'failed' | 'invalidated' | 'purged';
  /** Without its group. */
  readonly keyId: string;
  /** The generation that was stored or marked; the fence that failed; the fence up to which a purge voids everything. */
  readonly fence: number;
}

/** Hears of the events of one store. */
export interface TokenStoreListener {
  /** Something happened to a key or a group of keys. */
  event(event: TokenStoreEvent): void;
  /** Events arrive from now on; what happened before may have been missed. */
  up(): void;
  /** Events may be missed from now on. */
  down(): void;
}

/** The channel by which the processes that share a store hear of each other. */
export interface TokenStoreEvents {
  /** Delivers events until the returned function is called; calls `up` once they arrive. One channel serves all listeners. */
  subscribe(listener: TokenStoreListener): () => void;
}
