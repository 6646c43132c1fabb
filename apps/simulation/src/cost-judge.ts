import { type Acquired, type Attempt, type Lease } from '@mintonce/token-cache';
import { type SentCall } from './link.js';
import { type Process } from './process.js';
import { keyIdOf, purgedGroupOf } from './store-call.js';
import { NETWORK_MS, Witness } from './witness.js';

/** A cool-down is asked for no more often than this. */
const LEAST_REST_MS = 1_000;
/** Timers count whole ms, and lives and waits are rounded. */
const TIMER_MS = 1;

/** A look-up of a process, and its answer once it is there. */
interface Asked {
  readonly sentAt: number;
  answer?: { readonly acquired: Acquired; readonly at: number };
}

/** What the store was asked for one key by one process. */
class Ledger {
  /** The last look-up for callers who want any token. */
  last?: Asked;
  /** The last look-up that was answered with a cool-down. */
  cooling?: Asked;
  /** When it last heard something of the key, or had something to say of it that is now said. */
  newsAt = -Infinity;
  /** When a caller was last given a token: whoever waits is woken to look at it. */
  servedAt = -Infinity;
  /** When its last caller was answered: who comes later begins anew. */
  emptyAt = -Infinity;
  /** Fences whose commit has an answer. */
  readonly committed = new Set<number>();
}

/** Judges what a token costs the store, by counting calls and not by timing them. */
export class CostJudge extends Witness {
  private readonly ledgers = new Map<string, Ledger>();
  private readonly asked = new WeakMap<SentCall, Asked>();

  sent(process: Process, call: SentCall): void {
    const { operation, args } = call;
    const label = this.labelOf(call);
    const ledger = this.ledgerOf(process, label);
    if (operation === 'commit') return this.checkCommit(process, label, (args[1] as Lease).fence);
    const group = purgedGroupOf(call);
    if (group !== undefined) {
      for (const each of this.world.history.labelsIn(group)) this.newsUnlessAnswered(process, each);
      return;
    }
    if (operation === 'invalidate' || operation === 'purge') {
      return this.newsUnlessAnswered(process, label);
    }
    if (operation !== 'acquire') return;
    const { minTtlMs, refusedGeneration } = args[1] as Attempt;
    const asked: Asked = { sentAt: this.now };
    this.asked.set(call, asked);
    this.checkCooldown(process, label);
    if (minTtlMs > 0 || refusedGeneration !== undefined) return;
    this.checkLookUp(process, label);
    ledger.last = asked;
  }

  delivered(process: Process, call: SentCall, answer: unknown): void {
    const group = purgedGroupOf(call);
    if (group !== undefined) {
      for (const each of this.world.history.labelsIn(group)) this.news(process, each);
      return;
    }
    const label = this.labelOf(call);
    const ledger = this.ledgerOf(process, label);
    const isLate = this.now - call.sentAt >= this.world.weather.policy.storeTimeoutMs - TIMER_MS;
    // A process that was stopped meanwhile may hear it all the same.
    const isHeard = !isLate || process.resumedAt >= call.sentAt;
    if (isHeard && ['commit', 'invalidate', 'offer', 'purge'].includes(call.operation)) this.news(process, label);
    // Nobody waits any more for an answer that comes too late.
    if (isLate) return;
    if (call.operation === 'commit') ledger.committed.add((call.args[1] as Lease).fence);
    const asked = this.asked.get(call);
    if (!asked || asked.answer) return;
    asked.answer = { acquired: answer as Acquired, at: this.now };
    // A token that came to callers of another kind is a reason to look up for those who wait.
    if (asked !== ledger.last && asked.answer.acquired.outcome === 'hit') this.news(process, label);
    // Who was refused a token may be told of a cool-down while others are given that token.
    const isPlain = (call.args[1] as Attempt).refusedGeneration === undefined;
    if (isPlain && asked.answer.acquired.outcome === 'cooling') ledger.cooling = asked;
  }

  /** An event reaches a process, or it has reason of its own to look again. */
  news(process: Process, label: string, at = this.now): void {
    const ledger = this.ledgerOf(process, label);
    ledger.newsAt = Math.max(ledger.newsAt, at);
  }

  served(process: Process, label: string): void {
    this.ledgerOf(process, label).servedAt = this.now;
  }

  /** What it has to say may stay without an answer for so long, a purge twice as long as others, and is then taken as said. */
  private newsUnlessAnswered(process: Process, label: string): void {
    this.news(process, label, this.now + 2 * this.world.weather.policy.storeTimeoutMs + TIMER_MS);
  }

  settled(process: Process, label: string): void {
    // Who needs a token for long asks apart from all others.
    const isPending = [...process.pending].some((caller) => caller.request.label === label && caller.minLifeMs === 0);
    if (isPending) return;
    this.ledgerOf(process, label).emptyAt = this.now;
  }

  /** Callers share a look-up: a hit costs one, and those who wait ask again when they hear something or the lease is over. */
  private checkLookUp(process: Process, label: string): void {
    const { last, servedAt, emptyAt } = this.ledgerOf(process, label);
    if (!last?.answer || emptyAt >= last.sentAt || this.hasReason(process, label, last.sentAt)) return;
    const { acquired, at } = last.answer;
    const about = { label, process: process.name };
    if (acquired.outcome === 'wait') {
      this.verdict.expect(
        this.now >= at + acquired.leaseEndsInMs - TIMER_MS || servedAt >= last.sentAt,
        'who waits asks the store again only with a reason',
        () =>
          `${process.name} asks again ${(this.now - at).toFixed(1)} ms after it was told to wait ${acquired.leaseEndsInMs} ms`,
        about,
      );
    }
    const isLost = (this.truthOf(label)?.lostHistories ?? 0) > 0;
    // By a clock that was set ahead meanwhile it was over when it arrived.
    const isCalledOver = process.setAheadAt.some((setAt) => setAt >= last.sentAt);
    if (acquired.outcome !== 'hit' || isLost || isCalledOver) return;
    // It may have ended on its way: its life counts from when the store was asked.
    if (last.sentAt + acquired.token.ttlMs < this.now + NETWORK_MS) return;
    this.verdict.expect(
      false,
      'a shared token costs one call of the store',
      () => `${process.name} asks again ${(this.now - at).toFixed(1)} ms after it was given a token`,
      about,
    );
  }

  private checkCooldown(process: Process, label: string): void {
    const { cooling } = this.ledgerOf(process, label);
    if (cooling?.answer?.acquired.outcome !== 'cooling' || this.hasReason(process, label, cooling.sentAt)) return;
    // A wall clock that went ahead may tell of a sleep, in which anything may have happened.
    const { endedAt = -Infinity } = process.lastSleep ?? {};
    if ([endedAt, ...process.setAheadAt].some((at) => at >= cooling.sentAt)) return;
    const { acquired, at } = cooling.answer;
    const isOver = this.now >= at + acquired.cooldown.remainingMs - TIMER_MS;
    const restMs = this.now - cooling.sentAt;
    this.verdict.expect(
      isOver || restMs >= LEAST_REST_MS - TIMER_MS,
      'a cool-down is asked of the store once a second',
      () =>
        `${process.name} asks again after ${restMs.toFixed(1)} ms of a cool-down of ${acquired.cooldown.remainingMs} ms`,
      { label, process: process.name },
    );
  }

  private checkCommit(process: Process, label: string, fence: number): void {
    // A store that lost what it knew may grant a fence again, and is given a token again that it lost.
    const isLost = (this.truthOf(label)?.lostHistories ?? 0) > 0;
    this.verdict.expect(
      isLost || !this.ledgerOf(process, label).committed.has(fence),
      'a mint costs two calls of the store',
      () => `${process.name} commits again what the store has answered`,
      { label, process: process.name },
    );
  }

  /** It heard something since, its channel came or went, or it has none that could tell it. */
  private hasReason(process: Process, label: string, since: number): boolean {
    const { channel } = process;
    if (!channel || channel.state === 'down' || channel.changedAt >= since) return true;
    // Its flights hear of a rejection that it decided alone.
    if ([...process.rejectedAt.values()].some((at) => at >= since)) return true;
    return this.ledgerOf(process, label).newsAt >= since;
  }

  private labelOf(call: SentCall): string {
    return this.world.history.labelOf(keyIdOf(call) ?? '');
  }

  private ledgerOf({ name }: Pick<Process, 'name'>, label: string): Ledger {
    const id = `${name} ${label}`;
    let ledger = this.ledgers.get(id);
    if (!ledger) this.ledgers.set(id, (ledger = new Ledger()));
    return ledger;
  }
}
