import { type MintContext, type MintedToken, type TokenPolicy, type TokenRequest } from '@mintonce/token-cache';
import { type IssuedToken, type MintCall, usableMs } from './book.js';
import { type Chance } from './chance.js';
import { type History } from './history.js';
import { Host } from './host.js';
import { type Library } from './library.js';
import { type VirtualTime } from './virtual-time.js';

export type Failure = 'unavailable' | 'throttled' | 'rejected' | 'odd' | 'unreachable';

/** What the provider is like at the moment. */
export interface Mood {
  /** Mean of what a call takes. */
  slownessMs: number;
  failureRate: number;
  failures: readonly Failure[];
  /** The answer never arrives, although a token was issued. */
  loseReplies: number;
  /** Said of every token; need not make sense. */
  expiresInMs: unknown;
  /** The same token is given until it ends, and with it what is left of its life, or its whole life as if it were new. */
  repeats?: 'remaining' | 'whole' | undefined;
}

export const RETRY_AFTER_MS = 7_000;

interface Issued {
  readonly accessToken: string;
  readonly expiresInMs: unknown;
}

/** The identity provider: it checks no fence, keeps a book of every token, and has moods. */
export class IdentityProvider {
  readonly host = new Host('idp');
  readonly tokens = new Map<string, IssuedToken>();
  readonly calls: MintCall[] = [];
  /** Of the token that lived shortest. */
  leastUsableMs = Number.POSITIVE_INFINITY;
  /** The tokens that were given again. */
  readonly repeated = new Set<string>();
  /** What befalls the calls of single processes: an outdated secret, a broken egress. */
  readonly sick = new Map<string, Failure>();
  readonly everSick = new Set<string>();
  onCall: (call: MintCall) => void = () => {};
  /** A token reaches the process that asked for it. */
  onIssued: (call: MintCall, accessToken: string) => void = () => {};
  onFailure: (call: MintCall, failure: Failure) => void = () => {};

  constructor(
    readonly mood: Mood,
    private readonly time: VirtualTime,
    private readonly library: Library,
    private readonly policy: TokenPolicy,
    private readonly chance: Chance,
    private readonly history: History,
  ) {}

  /** One call to the token endpoint from a process, as a token source makes it. */
  mint(process: Host, request: TokenRequest, { signal, fence, integration }: MintContext): Promise<MintedToken> {
    const { time } = this;
    const label = labelOf(integration, request);
    const number = this.calls.length + 1;
    const call: MintCall = {
      number,
      label,
      process: process.name,
      fence,
      sentAt: time.now,
      wallOffsetMs: process.wallOffsetMs,
      forwardMs: process.forwardMs,
      isRunning: true,
    };
    this.calls.push(call);
    const right = (): string => (fence === 0 ? 'without a lease' : `under ${this.history.fencesOf(label)(fence)}`);
    this.history.say(process.name, () => `asks the source for t${number} ${right()}`, call);
    this.onCall(call);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        call.isRunning = false;
        reject(signal.reason as Error);
      });
      const reply = (settle: () => void): void => {
        time.after(this.networkMs(), process, () => {
          if (!call.isRunning) return;
          call.isRunning = false;
          settle();
        });
      };
      time.after(this.networkMs() + this.thinkingMs(), this.host, () => this.answer(call, reply, resolve, reject));
    });
  }

  private answer(
    call: MintCall,
    reply: (settle: () => void) => void,
    resolve: (minted: MintedToken) => void,
    reject: (error: Error) => void,
  ): void {
    const { failureRate, failures, loseReplies } = this.mood;
    const failure = this.sick.get(call.process) ?? (this.chance.happens(failureRate) && this.chance.pick(failures));
    if (failure) {
      this.history.say('idp', `answers t${call.number} with ${failure}`, call);
      return reply(() => {
        this.onFailure(call, failure);
        reject(this.errorOf(failure));
      });
    }
    const { accessToken, expiresInMs } = this.repeat(call) ?? this.issue(call);
    if (this.chance.happens(loseReplies))
      return this.history.say('idp', `issues ${accessToken}, and the answer is lost`, call);
    this.history.say('idp', `issues ${accessToken} for ${String(expiresInMs)} ms`, call);
    reply(() => {
      call.accessToken = accessToken;
      this.onIssued(call, accessToken);
      resolve({ accessToken, expiresInMs: expiresInMs as number });
    });
  }

  private issue({ number, label, sentAt, fence }: MintCall): Issued {
    const { expiresInMs } = this.mood;
    const { now } = this.time;
    const accessToken = `t${number}`;
    const usable = usableMs(expiresInMs, this.policy);
    this.leastUsableMs = Math.min(this.leastUsableMs, usable);
    const endsAt = typeof expiresInMs === 'number' && expiresInMs > 0 ? now + expiresInMs : Number.POSITIVE_INFINITY;
    const hardExpiryAt = sentAt + usable;
    this.tokens.set(accessToken, {
      accessToken,
      label,
      issuedAt: now,
      askedAt: sentAt,
      isLocal: fence === 0,
      hardExpiryAt,
      soonestExpiryAt: hardExpiryAt,
      endsAt,
      isRevoked: false,
    });
    return { accessToken, expiresInMs };
  }

  /** Gives the last token of that request again, if it is that kind of provider and the token still lives. */
  private repeat({ label, sentAt, fence }: MintCall): Issued | undefined {
    const { repeats, expiresInMs } = this.mood;
    const { now } = this.time;
    const last = repeats && [...this.tokens.values()].findLast((token) => token.label === label);
    if (!last || last.isRevoked || last.endsAt <= now || last.endsAt === Number.POSITIVE_INFINITY) return undefined;
    // Servers state whole seconds: what is left may be 0.
    const stated = repeats === 'whole' ? expiresInMs : Math.floor((last.endsAt - now) / 1_000) * 1_000;
    // Zero says that it is over, and not that nothing is known.
    const usable = stated === 0 ? 0 : usableMs(stated, this.policy);
    last.hardExpiryAt = Math.max(last.hardExpiryAt, sentAt + usable);
    last.soonestExpiryAt = Math.min(last.soonestExpiryAt, sentAt + usable);
    this.leastUsableMs = Math.min(this.leastUsableMs, usable);
    last.askedAt = sentAt;
    last.isLocal = fence === 0;
    this.repeated.add(last.accessToken);
    return { accessToken: last.accessToken, expiresInMs: stated };
  }

  private errorOf(failure: Failure): Error {
    const { TokenSourceRejectedError, TokenSourceUnavailableError } = this.library;
    switch (failure) {
      case 'unavailable':
        return new TokenSourceUnavailableError('503');
      case 'throttled':
        return new TokenSourceUnavailableError('429', { retryAfterMs: RETRY_AFTER_MS });
      case 'rejected':
        return new TokenSourceRejectedError('400', { oauthError: 'invalid_client' });
      case 'odd':
        return new Error('socket hang up');
      case 'unreachable':
        return new TokenSourceUnavailableError('cannot connect', {
          cause: new Error('connect ECONNREFUSED'),
          binds: 'process',
        });
    }
  }

  private networkMs(): number {
    return 0.2 + this.chance.exponential(2);
  }

  private thinkingMs(): number {
    const { slownessMs } = this.mood;
    return this.chance.between(slownessMs / 4, slownessMs);
  }
}

/** A request as the provider tells it from others. */
export function labelOf(integration: string, request: TokenRequest): string {
  const details = Object.entries(request).map(([name, value]) => `${name}=${[value].flat().join(',')}`);
  return [integration, ...details].join(' ');
}
