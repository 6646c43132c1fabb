import { type Lease, type Rejection, type StoredToken, type TokenStoreEvent } from '@mintonce/token-cache';
import { type MintCall } from './book.js';
import { type JudgedWorld } from './judged-world.js';
import { type HeardVoid } from './knowledge.js';
import { type SentCall } from './link.js';
import { type Process } from './process.js';
import { keyIdOf } from './store-call.js';

/** Notes what each process learns of each request, as answers and events reach it. */
export class Hearsay {
  constructor(private readonly world: JudgedWorld) {}

  /** A process gives a lease back. */
  sent(process: Process, call: SentCall): void {
    const { operation, args } = call;
    if (operation !== 'fail' || args[2] !== undefined) return;
    process.knowledgeOf(this.world.history.labelOf(keyIdOf(call) ?? '')).givenBack.add((args[1] as Lease).fence);
  }

  /** An answer of the store reaches a process, which may have given up on it. */
  delivered(process: Process, call: SentCall, answer: unknown, executedAt: number): void {
    const keyId = keyIdOf(call);
    if (keyId === undefined) return;
    const label = this.world.history.labelOf(keyId);
    const { token: current, isRejected = false } = (answer ?? {}) as { token?: StoredToken; isRejected?: boolean };
    const usable = isRejected ? undefined : current;
    for (const stored of tokensIn(answer)) {
      const { payload, ttlMs } = stored;
      this.learn(process, label, accessTokenOf(payload), call, call.sentAt + ttlMs, stored === usable);
    }
    // Whatever this process was told of it, the fleet uses it.
    if (usable) process.knowledgeOf(label).replacing.delete(accessTokenOf(usable.payload));
    if (usable && call.operation !== 'peek') process.knowledgeOf(label).reported.delete(accessTokenOf(usable.payload));
    if (call.operation === 'invalidate') this.judged(process, label, (call.args[1] as Rejection).generation, answer);
    const tookMs = this.world.time.now - call.sentAt;
    const isLate = tookMs >= this.world.weather.policy.storeTimeoutMs;
    this.hearByAnswer(process, label, executedAt, isLate);
    const { voidedUpTo = 0 } = (answer ?? {}) as { voidedUpTo?: number };
    if (voidedUpTo > 0) this.note(process, label, { type: 'purged', upTo: voidedUpTo, isTold: false, isLate });
    const { outcome, token } = (answer ?? {}) as { outcome?: string; token?: StoredToken };
    // A token that ends before its answer comes is not taken.
    if (!isLate && outcome === 'hit' && token && tookMs < token.ttlMs) this.isNewest(process, label, token.fence);
    if (!isLate && outcome === 'stored' && call.operation === 'commit') {
      this.isNewest(process, label, (call.args[1] as Lease).fence);
    }
  }

  /** A rejection that the store does not grant leaves the token as it is, whatever the process decided alone before. */
  private judged(process: Process, label: string, generation: number, verdict: unknown): void {
    if (verdict === 'replaced') return;
    const { published = [] } = this.world.server.truths.get(this.world.keyIds.get(label) ?? '') ?? {};
    for (const { fence, accessToken } of published) {
      if (fence === generation) process.knowledgeOf(label).reported.delete(accessToken);
    }
  }

  /** The source's answer reaches the process that asked. */
  minted(process: Process, call: MintCall, accessToken: string): void {
    const known = this.world.idp.tokens.get(accessToken);
    if (!known) return;
    this.learn(process, call.label, accessToken, call, known.soonestExpiryAt);
    this.holds(process, call.label, accessToken);
  }

  /** A process has a token to give out. */
  holds(process: Process, label: string, accessToken: string): void {
    const { now } = this.world.time;
    process.knowledgeOf(label).hold({ accessToken, since: now, pausedMsBefore: process.pausedMs });
  }

  /** An event of the store reaches a process that listens. */
  heard(process: Process, event: TokenStoreEvent, happenedAt: number): void {
    const type = event.type === 'purged-group' ? 'purged' : event.type;
    if (type !== 'purged' && type !== 'invalidated') return;
    for (const label of this.world.history.labelsAbout(event)) {
      this.note(process, label, { type, upTo: event.fence, happenedAt, isTold: true });
    }
  }

  private isNewest(process: Process, label: string, generation: number): void {
    const newest = process.newest.get(label);
    if (!newest || generation > newest.generation) {
      process.newest.set(label, { generation, at: this.world.time.now });
    }
  }

  /** An answer that was given after a purge or a mark may tell of it. */
  private hearByAnswer(process: Process, label: string, executedAt: number, isLate: boolean): void {
    const truth = this.world.server.truths.get(this.world.keyIds.get(label) ?? '');
    if (!truth) return;
    if (truth.purgedAt.some((at) => at <= executedAt)) {
      this.note(process, label, { type: 'purged', upTo: truth.purgedUpTo, isTold: false, isLate });
    }
    for (const [generation, { at }] of truth.marks) {
      if (at <= executedAt) this.note(process, label, { type: 'invalidated', upTo: generation, isTold: false, isLate });
    }
  }

  private note(process: Process, label: string, heard: Omit<HeardVoid, 'heardAt'>): void {
    const { voids } = process.knowledgeOf(label);
    // Of what a late answer said it may hear again.
    const isKnown = voids.some(
      ({ type, upTo, isTold, isLate }) =>
        type === heard.type && upTo === heard.upTo && !isLate && (isTold || !heard.isTold),
    );
    if (!isKnown) voids.push({ ...heard, heardAt: this.world.time.now });
  }

  private learn(
    process: Process,
    label: string,
    accessToken: string,
    { wallOffsetMs, forwardMs }: Pick<SentCall, 'wallOffsetMs' | 'forwardMs'>,
    soonestEndAt: number,
    isUsable = true,
  ): void {
    const at = this.world.time.now;
    process.knowledgeOf(label).learn(accessToken, {
      soonestEndAt,
      at,
      usableAt: isUsable ? at : 0,
      forwardMs,
      wallOffsetMs: Math.max(wallOffsetMs, process.host.wallOffsetMs),
    });
  }
}

/** The tokens that an answer of the store hands over, whatever the answer is. */
function tokensIn(answer: unknown): StoredToken[] {
  const { token, rejected } = (answer ?? {}) as { token?: StoredToken; rejected?: StoredToken };
  return [token, rejected].filter((one): one is StoredToken => typeof one?.payload === 'string');
}

/** No payload is sealed in the simulation. */
export function accessTokenOf(payload: string): string {
  return (JSON.parse(payload) as { accessToken: string }).accessToken;
}
