import { type Token, type TokenClient, type TokenStore } from '@mintonce/token-cache';
import { type Counts, noCounts } from './counts.js';
import { type EventChannel } from './event-channel.js';
import { type Host } from './host.js';
import { type Link } from './link.js';
import { Knowledge } from './knowledge.js';
import { type KnownRequest } from './requests.js';
import { type StoreOperation } from './store-call.js';

/** Somebody who asked a process for a token. */
export interface Caller {
  readonly process: Process;
  readonly request: KnownRequest;
  readonly askedAt: number;
  /** How long the process had been paused in all when the caller came. */
  readonly pausedMsBefore: number;
  /** The good token that the process held then. */
  readonly inHand?: string | undefined;
  readonly isLast: boolean;
  /** How long its token must still be valid when it is given; 0 for any valid one. */
  readonly minLifeMs: number;
  /** The first token that it was given, and the last. */
  first?: Token;
  last?: Token;
  /** When an upstream last refused it. */
  refusedAt?: number;
}

/** One process of the fleet: the real service, its way to the store, and an account of its callers. */
export class Process {
  client!: TokenClient;
  readonly counts: Counts = noCounts();
  readonly pending = new Set<Caller>();
  /** Access tokens that its callers were refused with, and when first. */
  readonly rejectedAt = new Map<string, number>();
  /** The token that each request was last answered with. */
  readonly inHand = new Map<string, Token>();
  /** What it can know of each request. */
  private readonly knowledge = new Map<string, Knowledge>();
  /** When its wall clock was set ahead. */
  readonly setAheadAt: number[] = [];
  /** The newest generation that it gave out, committed or was given for each request, and when first. */
  readonly newest = new Map<string, { readonly generation: number; readonly at: number }>();
  /** Requests to the upstream that are not over. */
  sending = 0;
  came = 0;
  left = 0;
  /** Calls of the token endpoint. */
  asked = 0;
  pausedMs = 0;
  pausedAt?: number;
  resumedAt = 0;
  /** When its machine woke last, and how long it had slept. */
  lastSleep?: { readonly endedAt: number; readonly tookMs: number };
  /** Leases that it gave up, which other work of it may have been granted again meanwhile. */
  leasesGivenUp = 0;
  isClosing = false;
  isClosed = false;

  constructor(
    readonly host: Host,
    readonly link: Link,
    readonly channel: EventChannel | undefined,
  ) {}

  get name(): string {
    return this.host.name;
  }

  /** Whether it can be asked for tokens. */
  get serves(): boolean {
    return !this.host.isDead && !this.isClosing;
  }

  knowledgeOf(label: string): Knowledge {
    let knowledge = this.knowledge.get(label);
    if (!knowledge) this.knowledge.set(label, (knowledge = new Knowledge()));
    return knowledge;
  }

  /** Whether an operator told it to forget a request, be it that the store could not be told. */
  wasToldToForget(label: string): boolean {
    return this.knowledgeOf(label).ownPurges.length > 0;
  }

  /**
   * The store as this process sees it: through its link, and its event channel if there is one.
   *
   * @param features `isSharded`: each key may be broken apart from the others, and the process knows that; `hasVersion`: it tells when
   *   it has changed
   */
  store(onClose: () => void, { isSharded = false, hasVersion = false } = {}): TokenStore {
    const call =
      (operation: StoreOperation) =>
      (...args: unknown[]) =>
        this.link.call(operation, args);
    return {
      ...(this.channel && { events: this.channel }),
      ...(hasVersion && { version: () => this.link.version }),
      ...(isSharded && { nodeOf: (keyId: string) => keyId }),
      peek: call('peek'),
      acquire: call('acquire'),
      renew: call('renew'),
      commit: call('commit'),
      fail: call('fail'),
      offer: call('offer'),
      invalidate: call('invalidate'),
      purge: call('purge'),
      purgeGroup: call('purgeGroup'),
      ping: call('ping'),
      close: async () => onClose(),
    } as TokenStore;
  }
}
