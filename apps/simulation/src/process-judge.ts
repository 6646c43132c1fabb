import { SET_BACK } from './mint-faults.js';
import { type MintCall } from './book.js';
import { type Process } from './process.js';
import { type KeyTruth, type PublishedToken } from './store-truth.js';
import { disturbs } from './weather.js';
import { NETWORK_MS, POLL_MS, Witness } from './witness.js';

const LEASE_END_JITTER_MS = 100;
/** How many leases a holder is frozen for at most. */
const LONGEST_FREEZE = 4;
/** Shutdown lets mints finish for so long. */
const SHUTDOWN_GRACE_MS = 5_000;
/** Store calls that one flight after another makes while it winds up. */
const CALLS_AT_SHUTDOWN = 4;

/** The faults after which nothing but a death stands between the store and those who wait. */
const DEATHS: readonly string[] = ['a process is killed', SET_BACK];

/** Judges what processes make of the news: of a token, of a death, of their own end. */
export class ProcessJudge extends Witness {
  /** Called after each event, with the store's truth up to date. */
  published(truth: KeyTruth, token: PublishedToken): void {
    const { label = '' } = this.world.idp.tokens.get(token.accessToken) ?? {};
    const isOrderly = this.isOrderlyFor(label);
    if (!isOrderly && this.isMoreThanFrozen) return;
    const { leaseMs } = this.world.weather.policy;
    // Whoever comes back to a mint whose lease is gone learns of that by its next renewal, whatever the source does.
    const boundMs = isOrderly ? this.hearingMs : this.hearingMs + leaseMs / 3 + 2 * NETWORK_MS;
    const frozenMs = isOrderly ? 0 : LONGEST_FREEZE * leaseMs;
    this.world.time.after(frozenMs + boundMs, this.world.time.world, () => {
      if (truth.current !== token || this.hardExpiryOf(token) < this.now) return;
      const waiting = this.pendingSince(label, token.storedAt - 0.001, (process) => {
        // The holder of a lease is not told of a token that was offered.
        const isHolder = truth.lease?.process === process.name;
        // It may have been told of an earlier end before the token was offered.
        const { soonestEndAt = Infinity } = process.knowledgeOf(label).tokens.get(token.accessToken) ?? {};
        const isOverThere = soonestEndAt < token.storedAt;
        return this.hasHeard(process, boundMs) && !isHolder && !isOverThere && !this.mintsUnheard(process, label);
      });
      this.verdict.expect(!waiting, 'who waits hears of the token at once', () => {
        return `${waiting?.process.name} still waits ${frozenMs + boundMs} ms after ${token.accessToken} was stored`;
      });
    });
  }

  /** More is wrong than that processes freeze and sources fail. */
  private get isMoreThanFrozen(): boolean {
    return disturbs(this.world.weather, 'network', 'server', 'shard', 'events', 'clocks', 'callers', 'stalls');
  }

  /** Without events a process learns by its next renewal that the lease of its mint is gone. */
  private mintsUnheard({ name }: Process, label: string): boolean {
    const isItsOwn = (call: MintCall): boolean => call.isRunning && call.process === name && call.label === label;
    return !this.eventsArrive && this.world.idp.calls.some(isItsOwn);
  }

  /** By an event in time, by a look around when its channel came up, or by polls since it broke; after a stall all of it is late. */
  private hasHeard({ channel, resumedAt }: Process, withinMs: number): boolean {
    if (resumedAt > 0 && this.now - resumedAt < withinMs) return false;
    if (!channel || this.eventsArrive) return true;
    const { state, changedAt, mostExtraDelayMs } = channel;
    const sinceMs = this.now - changedAt;
    if (state === 'up') return sinceMs > NETWORK_MS && mostExtraDelayMs === 0;
    return state === 'down' && sinceMs > POLL_MS + NETWORK_MS;
  }

  died(process: Process): void {
    for (const call of this.world.idp.calls) {
      if (call.process !== process.name || !call.isRunning) continue;
      call.isRunning = false;
    }
    const others = this.world.weather.faults.some(({ name }) => !DEATHS.includes(name));
    if (others) return;
    for (const truth of this.world.server.truths.values()) {
      if (truth.lease?.process === process.name) this.expectReplacement(truth, truth.lease.fence);
    }
  }

  shutDown(process: Process, tookMs: number): void {
    this.world.say(process.name, `is shut down after ${tookMs.toFixed(0)} ms`);
    const { storeTimeoutMs } = this.world.weather.policy;
    const boundMs = SHUTDOWN_GRACE_MS + CALLS_AT_SHUTDOWN * storeTimeoutMs + NETWORK_MS;
    const name = 'a shutdown ends in time and leaves nothing behind';
    this.verdict.expect(tookMs <= boundMs, name, () => `${process.name} took ${tookMs} ms`);
    // Its last callers are told in the same instant.
    this.world.time.after(0, this.world.time.world, () => {
      this.verdict.expect(process.pending.size === 0, name, () => `${process.name} leaves callers waiting`);
    });
    // A renewal may still be under way: it does no harm, and ends by its time limit.
    this.world.time.after(storeTimeoutMs + 1, this.world.time.world, () => {
      const timers = this.world.time.timersOf(process.host);
      // A request to the upstream that is not over may be waiting to be sent again.
      this.verdict.expect(timers <= process.sending, name, () => `${process.name} leaves ${timers} timers`);
    });
  }

  private expectReplacement(truth: KeyTruth, fence: number): void {
    const diedAt = this.now;
    const boundMs = this.world.weather.policy.leaseMs + LEASE_END_JITTER_MS;
    this.world.time.after(boundMs, this.world.time.world, () => {
      const label = [...this.world.keyIds].find(([, keyId]) => this.world.server.truths.get(keyId) === truth)?.[0];
      const waiting = this.pendingSince(label, diedAt);
      const isReplaced = [...truth.grants.keys()].some((granted) => granted > fence);
      this.verdict.expect(!waiting || isReplaced, 'a dead holder is replaced in time', () => {
        return `${waiting?.process.name} still waits ${boundMs} ms after the holder of ${fence} died`;
      });
    });
  }
}
