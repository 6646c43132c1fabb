import { type Attempt, type Lease } from '@mintonce/token-cache';
import { type Chance } from './chance.js';
import { type Host } from './host.js';
import { keyIdOf, type StoreCall, type StoreOperation } from './store-call.js';
import { type StoreServer } from './store-server.js';
import { type VirtualTime } from './virtual-time.js';

/** How a network treats the messages between one process and the store. */
export interface LinkConditions {
  /** Mean of what a message takes beyond the least. */
  delayMs: number;
  loseRequests: number;
  loseReplies: number;
  /** What each answer takes beyond the network. */
  answersLateMs: number;
  /** The client sends again what it heard nothing of, as ioredis does, although it arrived. */
  duplicate: number;
}

const LEAST_DELAY_MS = 0.1;
/** A connection that broke is noticed after this, if at all. */
const NOTICED_AFTER_MS = 30;
const NEVER_NOTICED = 0.5;

/** A call of a process, and what the clock of that process said when it was sent. */
export interface SentCall extends StoreCall, SentBy {}

/** What the wall clock of a process said when it sent something. */
export interface SentBy {
  readonly wallOffsetMs: number;
  readonly forwardMs: number;
}

/** One process's way to the store and back. */
export class Link {
  conditions: LinkConditions;
  /** Whether the process ever heard no answer of the store in time, for long. */
  everDeaf = false;
  /** The share of leases whose first commit or failure is reset, on its way or on the way back. */
  resetCommits = 0;
  calls = 0;
  onSent: (call: SentCall) => void = () => {};
  /** The fences whose lease it gave back, or tried to. */
  private readonly releasing = new Set<number>();
  /** @param executedAt when the store answered */
  onDelivered: (call: SentCall, answer: unknown, executedAt: number) => void = () => {};

  constructor(
    private readonly time: VirtualTime,
    private readonly server: StoreServer,
    private readonly host: Host,
    private readonly chance: Chance,
    private readonly usualDelayMs: number,
  ) {
    this.conditions = this.calm();
  }

  /** Everything arrives, once and soon. */
  calm(): LinkConditions {
    this.resetCommits = 0;
    return (this.conditions = {
      delayMs: this.usualDelayMs,
      loseRequests: 0,
      loseReplies: 0,
      answersLateMs: 0,
      duplicate: 0,
    });
  }

  call(operation: StoreOperation, args: readonly unknown[]): Promise<unknown> {
    this.calls++;
    const isSentTwice = this.chance.happens(this.conditions.duplicate);
    const { name: process, wallOffsetMs, forwardMs } = this.host;
    const call = { operation, args, process, sentAt: this.time.now, isSentTwice, wallOffsetMs, forwardMs };
    this.onSent(call);
    const heard =
      operation === 'acquire'
        ? this.server.truthOf(keyIdOf(call) ?? '').asked(args[1] as Attempt, this.host.name, call.sentAt)
        : () => {};
    return new Promise((resolve, reject) => {
      let isOver = false;
      const answered = (answer: unknown, executedAt: number): void => {
        // The client has no use for the answer to a call that it sent again.
        if (isOver) return;
        isOver = true;
        this.server.narrator.delivered(call, answer, this.time.now - call.sentAt);
        this.onDelivered(call, answer, executedAt);
        resolve(answer);
      };
      const failed = (error: Error): void => {
        isOver = true;
        reject(error);
      };
      this.send(call, answered, failed);
      if (isSentTwice)
        this.time.after(this.chance.exponential(200), this.host, () => this.send(call, answered, failed));
    }).finally(() => heard(this.time.now));
  }

  /** The version of the store, which costs no message; undefined while nothing gets through. */
  get version(): number | undefined {
    return this.conditions.loseRequests > 0.9 ? undefined : this.server.version;
  }

  delay(): number {
    return LEAST_DELAY_MS + this.chance.exponential(this.conditions.delayMs);
  }

  private send(
    call: SentCall,
    answered: (answer: unknown, executedAt: number) => void,
    reject: (error: Error) => void,
  ): void {
    const { time, server, host, conditions } = this;
    const isReset = this.isReset(call);
    const isResetBefore = isReset && this.chance.happens(0.5);
    if (isResetBefore) return this.lose(call, 'the connection is reset', reject, true);
    if (this.chance.happens(conditions.loseRequests)) return this.lose(call, 'the request is lost', reject);
    const arrive = (): void => {
      const state = server.stateFor(call);
      if (state !== 'up') return this.lose(call, `the store is ${state}`, reject, state === 'refusing');
      const reply = (settle: () => void): void => {
        if (isReset) return this.lose(call, 'the connection is reset after it was read', reject, true);
        if (this.chance.happens(this.conditions.loseReplies)) {
          return this.lose(call, 'the answer is lost', reject);
        }
        time.after(this.delay() + this.conditions.answersLateMs, host, settle);
      };
      const executedAt = time.now;
      server.execute(call).then(
        (answer) => reply(() => answered(answer, executedAt)),
        (error: Error) =>
          reply(() => {
            server.narrator.lost(call, String(error));
            reject(error);
          }),
      );
    };
    time.after(this.delay() + server.slownessMs, server.host, arrive);
  }

  private isReset({ operation, args }: StoreCall): boolean {
    if (operation !== 'commit' && operation !== 'fail') return false;
    const { fence } = args[1] as Lease;
    const isFirst = !this.releasing.has(fence);
    this.releasing.add(fence);
    return isFirst && this.chance.happens(this.resetCommits);
  }

  private lose(call: StoreCall, why: string, reject: (error: Error) => void, isRefused = false): void {
    this.server.narrator.lost(call, why);
    if (!isRefused && this.chance.happens(NEVER_NOTICED)) return;
    const afterMs = isRefused ? this.delay() : this.chance.exponential(NOTICED_AFTER_MS);
    this.time.after(afterMs, this.host, () => reject(new Error('ECONNRESET')));
  }
}
