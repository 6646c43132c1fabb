import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { isPurge } from '../contract/concerns.js';
import { ExpiringMap } from '../contract/expiring-map.js';
import { type HeardEvent } from '../contract/heard-event.js';
import { hasGeneration, type HeldToken } from '../contract/held-token.js';
import { voids } from '../contract/mint-fence.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Peeked, type Rejection, type RejectionVerdict, type TokenStoreEvent } from '../contract/token-store.js';
import { type Token } from '../contract/token.js';
import { type TokenStanding } from '../in-hand/token-standing.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { NO_PACE, paceRejection, type RejectionPace } from '../slot/rejection-pace.js';
import { type StoreClient } from '../store-client/store-client.js';
import { type StoreEvents } from '../store-client/store-events.js';
import { type Publishing } from './publishing.js';

export interface RejectionsParts {
  clock: Clock;
  store: StoreClient;
  tokens: TokensInHand;
  publishing: Publishing;
  standing: TokenStanding;
  storeEvents: StoreEvents;
  observers: TokenObservers;
  /** Tells this process what the store tells the others. */
  announce(event: TokenStoreEvent): void;
}

/** What is remembered of a key of that group. */
type InGroup = Pick<TokenKey, 'group'>;

/** Decides about rejected tokens: by the store, or by the same rule from memory while the store does not answer. */
export class Rejections {
  private readonly paces = recentlyUsed<InGroup & { readonly pace: RejectionPace }>();
  /** What was granted here and the store does not know, by key; to forget one would bring a rejected token back. */
  private readonly untold = new ExpiringMap<InGroup & { readonly rejections: Set<Rejection> }>();
  private readonly deciding = new Map<string, Promise<RejectionVerdict>>();

  constructor(private readonly parts: RejectionsParts) {}

  /** Reports that an upstream rejected this token; never throws for a store that does not answer. */
  async report(key: TokenKey, token: Token): Promise<RejectionVerdict> {
    const verdict = await this.decideOnce(key, token);
    this.parts.observers.notify('rejected', key.integration.name, verdict);
    return verdict;
  }

  /** Whether the store is told of a rejection that it missed before it is asked about that key. */
  isUntold(key: TokenKey): boolean {
    return this.toTell(key).length > 0;
  }

  /**
   * Tells the store of the rejections that it missed, before it is asked about that key.
   *
   * @throws TokenStoreUnavailableError
   */
  async tellStore(key: TokenKey): Promise<void> {
    for (const { missed, rejection } of this.toTell(key)) {
      await this.parts.store.invalidate(key, rejection);
      this.drop(key.id, missed);
    }
  }

  /**
   * What the store has of a key; a token whose rejection it has yet to be told is marked all the same.
   *
   * @throws TokenStoreUnavailableError
   */
  async peek(key: TokenKey): Promise<Peeked> {
    const peeked = await this.parts.store.peek(key);
    const isMissed = this.toTell(key).some(({ rejection }) => rejection.generation === peeked.token?.fence);
    return isMissed ? { ...peeked, isRejected: true } : peeked;
  }

  /** A purge, of this process or of another, ends the memory of the rejections of what it made void. */
  notice(event: HeardEvent): void {
    if (!isPurge(event)) return;
    const remembered = event.type === 'purged-group' ? this.ofGroup(event.group) : [event.keyId];
    for (const keyId of remembered) this.forget(keyId, event);
  }

  private ofGroup(group: string): string[] {
    const remembered = [...this.paces.entries(), ...this.untold.all()];
    return remembered.filter(([, of]) => of.group === group).map(([keyId]) => keyId);
  }

  /** A purge that is heard late leaves the rejection of a token that was minted since: that must not come back. */
  private forget(keyId: string, purge: HeardEvent): void {
    const { pace } = this.paces.get(keyId) ?? {};
    if (pace && voids(purge, pace.rejected)) this.paces.delete(keyId);
    // One that the store did not answer to may have purged nothing there.
    if (purge.fence === undefined) return;
    for (const missed of this.missed(keyId)) if (voids(purge, missed.generation)) this.drop(keyId, missed);
  }

  private missed(keyId: string): Rejection[] {
    return [...(this.untold.get(keyId)?.rejections ?? [])];
  }

  /** The store need not be told of that one any more; another may have been granted meanwhile. */
  private drop(keyId: string, missed: Rejection): void {
    const { rejections } = this.untold.get(keyId) ?? {};
    rejections?.delete(missed);
    if (rejections?.size === 0) this.untold.delete(keyId);
  }

  /** What the store missed, by the generation that it knows. A token that was never shared is not reported: it knows none. */
  private toTell({ id }: TokenKey): { missed: Rejection; rejection: Rejection }[] {
    const held = this.untold.get(id) && this.parts.tokens.lastResort(id);
    return this.missed(id).flatMap((missed) => {
      if (!held || !hasGeneration(held, missed.generation)) return { missed, rejection: missed };
      if (held.sharing.state === 'unshared') return [];
      return { missed, rejection: { ...missed, generation: held.token.generation } };
    });
  }

  /** Rejections of one token that come together are one: those that join it share in what it was granted. */
  private async decideOnce(key: TokenKey, token: Token): Promise<RejectionVerdict> {
    const { standing } = this.parts;
    const id = `${key.id} ${token.generation}`;
    const current = this.deciding.get(id);
    if (current) return (await current) === 'held' ? 'held' : 'stale';
    const isContested = standing.isAccepted(token);
    const decision = this.decide(key, token, isContested).finally(() => this.deciding.delete(id));
    this.deciding.set(id, decision);
    return decision;
  }

  private async decide(key: TokenKey, token: Token, isContested: boolean): Promise<RejectionVerdict> {
    const { publishing, tokens } = this.parts;
    // The store can only judge a token that it knows.
    const known = tokens.find(token)?.held;
    const held = known && (await publishing.settle(key, known));
    // By its generation the store would mark one that was not rejected.
    if (held === 'voided' || tokens.hasNewerThan(token) || tokens.hasNamesakeOf(token)) return 'stale';
    const { generation } = held?.token ?? token;
    const rejection = { generation, isContested, ...key.integration.policy.rejection };
    if (held && held.sharing.state !== 'shared') return this.decideAlone(key, rejection, held);
    const watch = this.parts.storeEvents.watch(key);
    try {
      const verdict = await this.parts.store.invalidate(key, rejection);
      // The purge has ended the memory of this rejection.
      if (watch.hasPurged(generation)) return verdict;
      this.heed(key, rejection, held, verdict);
      return verdict;
    } catch {
      return watch.hasPurged(generation) ? 'stale' : this.decideAlone(key, rejection, held);
    } finally {
      watch.close();
    }
  }

  private heed(key: TokenKey, rejection: Rejection, held: HeldToken | undefined, verdict: RejectionVerdict): void {
    const { tokens } = this.parts;
    if (verdict === 'replaced' || verdict === 'contested') this.pace(key, rejection);
    if (verdict === 'replaced') this.announce(key, rejection);
    // The store has another token or none, or one that is being replaced: it must be asked before this one is given again.
    if (verdict !== 'stale' || !held) return;
    if (rejection.isContested) tokens.doubt(key.id, held);
    else tokens.reject(key.id, held);
  }

  /** The rule of the store, on the clock of this process; the store hears of it with the next call of that key. */
  private decideAlone(key: TokenKey, rejection: Rejection, held: HeldToken | undefined): RejectionVerdict {
    // Callers are given another token by now, whatever its place among the generations.
    if (!held && this.parts.tokens.valid(key.id)) return 'stale';
    const verdict = this.pace(key, rejection);
    if (verdict !== 'replaced') return verdict;
    const now = this.parts.clock.monotonic();
    const rejections = new Set([...this.missed(key.id), rejection]);
    this.untold.set(key.id, { group: key.group, rejections }, now + key.integration.policy.maxLifeMs, now);
    if (held?.sharing.state === 'unshared') this.parts.tokens.reject(key.id, held);
    else this.announce(key, rejection);
    return verdict;
  }

  private pace(key: TokenKey, rejection: Rejection): RejectionVerdict {
    const now = this.parts.clock.monotonic();
    const { verdict, pace } = paceRejection(this.paces.get(key.id)?.pace ?? NO_PACE, rejection, now);
    if (pace) this.paces.set(key.id, { group: key.group, pace });
    return verdict;
  }

  private announce(key: TokenKey, { generation }: Rejection): void {
    this.parts.announce({ type: 'invalidated', keyId: key.id, fence: generation });
  }
}
