import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
  type TokenStoreEvent,
} from '@mintonce/token-cache';
import { type History } from './history.js';
import { Host } from './host.js';
import { type Library } from './library.js';
import { isGivenUp, keyIdOf, purgedGroupOf, type StoreCall } from './store-call.js';
import { StoreNarrator } from './store-narrator.js';
import { KeyTruth, type Moment, type PublishedToken } from './store-truth.js';
import { type Verdict } from './verdict.js';
import { type VirtualTime } from './virtual-time.js';

interface LoggedCall extends StoreCall {
  readonly serverNow: number;
}

/** Whether the server can be talked to. */
export type ServerState = 'up' | 'refusing' | 'silent';

/** The server that the fleet shares: the library's own steps behind a clock, a log for its replica, and a witness. */
export class StoreServer {
  readonly host = new Host('store');
  state: ServerState = 'up';
  /** What each call takes beyond the network. */
  slownessMs = 0;
  /** How far its clock was ever set back: lives and leases of then last longer by as much. */
  setBackMs = 0;
  clockSteps = 0;
  onEvent: (event: TokenStoreEvent) => void = () => {};
  onPublished: (truth: KeyTruth, token: PublishedToken) => void = () => {};
  readonly truths = new Map<string, KeyTruth>();
  readonly narrator: StoreNarrator;
  /** Keys whose shard cannot be talked to, and all that ever were. */
  readonly broken = new Map<string, ServerState>();
  readonly everBroken = new Set<string>();
  /** The keys of each group. */
  private readonly groups = new Map<string, readonly string[]>();
  private store: TokenStore;
  private changes = 0;
  private log: LoggedCall[] = [];
  private replaying?: number;

  constructor(
    private readonly time: VirtualTime,
    private readonly library: Library,
    private readonly history: History,
    private readonly verdict: Verdict,
    private readonly storeTimeoutMs: number,
  ) {
    this.narrator = new StoreNarrator(history);
    this.store = this.emptyStore();
    this.listen();
  }

  learnKey(keyId: string, group: string): void {
    this.groups.set(group, [...(this.groups.get(group) ?? []), keyId]);
  }

  truthOf(keyId: string): KeyTruth {
    let truth = this.truths.get(keyId);
    if (!truth) this.truths.set(keyId, (truth = new KeyTruth(this.verdict, this.storeTimeoutMs)));
    return truth;
  }

  /** Whether the part of the server that a call goes to can be talked to. */
  stateFor(call: StoreCall): ServerState {
    return this.state === 'up' ? (this.broken.get(keyIdOf(call) ?? '') ?? 'up') : this.state;
  }

  breakKey(keyId: string, state: ServerState): void {
    this.broken.set(keyId, state);
    this.everBroken.add(keyId);
  }

  mendKey(keyId: string): void {
    this.broken.delete(keyId);
  }

  /** Changes with whatever the store is told; undefined while it cannot be read. */
  get version(): number | undefined {
    return this.state === 'up' ? this.changes : undefined;
  }

  async execute(call: StoreCall): Promise<unknown> {
    const { now } = this.time;
    if (isGivenUp(call, now)) throw new Error('The purge arrived too late');
    const moment = { now, serverNow: this.clock(), process: call.process };
    this.log.push({ ...call, serverNow: moment.serverNow });
    this.changes++;
    const answer = await apply(this.store, call);
    this.narrator.executed(call, answer);
    this.witness(call, answer, moment);
    return answer;
  }

  /** Sets the clock; leases and lives are reckoned by it. */
  stepClock(byMs: number): void {
    this.host.wallOffsetMs += byMs;
    this.setBackMs += Math.max(0, -byMs);
    this.clockSteps++;
    this.history.say('store', `its clock steps by ${byMs.toFixed(0)} ms`);
  }

  /** Comes back with nothing. */
  loseEverything(): void {
    this.failOver(Number.POSITIVE_INFINITY);
  }

  /** A replica takes over that has not heard of the last writes. */
  failOver(lostMs: number): void {
    const known = this.log.filter(({ sentAt }) => sentAt <= this.time.now - lostMs);
    this.history.say('store', `goes on without the last ${this.log.length - known.length} of ${this.log.length} calls`);
    for (const truth of this.truths.values()) truth.forget();
    this.log = [];
    this.changes++;
    this.store = this.emptyStore();
    for (const call of known) this.replay(call);
    this.listen();
  }

  /** The replica took the same steps in the same order; what it knows is the truth from now on. */
  private replay(call: LoggedCall): void {
    this.replaying = call.serverNow;
    void apply(this.store, call);
    this.replaying = undefined;
    this.log.push(call);
  }

  private emptyStore(): TokenStore {
    const clock = {
      now: () => this.clock(),
      monotonic: () => this.clock(),
      after: () => () => {},
    };
    return new this.library.MemoryTokenStore({ clock });
  }

  private clock(): number {
    return this.replaying ?? this.time.wallClockOf(this.host);
  }

  private listen(): void {
    const { store } = this;
    store.events?.subscribe({
      event: (event) => {
        if (store === this.store) this.onEvent(event);
      },
      up: () => {},
      down: () => {},
    });
  }

  private witness(call: StoreCall, answer: unknown, moment: Moment): void {
    const { operation, args } = call;
    const group = purgedGroupOf(call);
    if (group !== undefined) {
      for (const keyId of this.groups.get(group) ?? []) this.truthOf(keyId).purged(moment, true);
      return;
    }
    const keyId = keyIdOf(call);
    if (keyId === undefined) return;
    const truth = this.truthOf(keyId);
    switch (operation) {
      case 'acquire':
        truth.acquired(answer as Acquired, args[1] as Attempt, moment);
        break;
      case 'renew':
        truth.renewed(answer as boolean, args[1] as Lease, moment);
        break;
      case 'commit':
        truth.committed(answer as Committed, args[1] as Lease, args[2] as string, args[3] as number, moment);
        if ((answer as Committed).outcome === 'stored' && truth.current) this.onPublished(truth, truth.current);
        break;
      case 'fail':
        truth.failed(answer as boolean, args[1] as Lease, args[2] as Cooldown | undefined, moment);
        break;
      case 'offer':
        this.witnessOffer(truth, answer as Offered, args, moment);
        break;
      case 'invalidate':
        truth.rejected(answer as RejectionVerdict, args[1] as Rejection, moment);
        break;
      case 'purge':
        truth.purged(moment);
        break;
      default:
    }
  }

  private witnessOffer(truth: KeyTruth, answer: Offered, [, ...args]: readonly unknown[], moment: Moment): void {
    const [generation, payload, ttlMs, since] = args as OfferArguments;
    const offered = truth.offered(answer, { generation, payload, ttlMs, since }, moment);
    if (offered) this.onPublished(truth, offered);
  }
}

type OfferArguments = [generation: number, payload: string, ttlMs: number, since?: AnsweredSince];

function apply(store: TokenStore, { operation, args }: StoreCall): Promise<unknown> {
  return Reflect.apply(store[operation], store, args as []) as Promise<unknown>;
}
