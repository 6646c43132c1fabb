/** A token as it came to a process. */
export interface Learned {
  /** When the process may take it to be over, by the answer that said the least of it. */
  readonly soonestEndAt: number;
  /** When the process first had it. */
  readonly at: number;
  /** When it last came as the token to use, which may take the place of another one. */
  readonly usableAt: number;
  /** How far the wall clock had ever been set forward when the process first asked for it. */
  readonly forwardMs: number;
  /** The most that the wall clock said beyond the true time when an answer brought it. */
  readonly wallOffsetMs: number;
}

/** A purge or a mark, as a process heard of it. */
export interface HeardVoid {
  readonly type: 'purged' | 'invalidated';
  /** What was minted under this fence or an older one is void. */
  readonly upTo: number;
  /** When it was announced, if it was. */
  readonly happenedAt?: number;
  readonly heardAt: number;
  /** The store said so to the process; else an answer was given in knowledge of it, and may not have told. */
  readonly isTold: boolean;
  /** Its process may have given up on the answer that said so. */
  readonly isLate?: boolean;
}

/** A purge that a process was asked for. */
export interface OwnPurge {
  readonly beganAt: number;
  endedAt?: number;
}

/** The token that a process could give out, and since when. */
export interface InHand {
  readonly accessToken: string;
  readonly since: number;
  /** How long the process had been paused in all by then. */
  readonly pausedMsBefore: number;
}

/** What one process can know of one request. */
export class Knowledge {
  readonly tokens = new Map<string, Learned>();
  readonly voids: HeardVoid[] = [];
  /** What an operator told it to forget. */
  readonly ownPurges: OwnPurge[] = [];

  /** The generations that its callers were refused with. */
  readonly refused = new Set<number>();

  /** Access tokens that it was to replace because it reported them, and since when: none is as good as new until the store says so. */
  readonly replacing = new Map<string, number>();

  /** As `replacing`, but that a look at the store does not end it: the store may not have heard of the rejection by then. */
  readonly reported = new Map<string, number>();

  /** The longest that a caller needed its token for. */
  longestNeedMs = 0;

  /** The leases that it gave back without a failure. */
  readonly givenBack = new Set<number>();

  /** The token that it last answered with, or minted. */
  inHand?: InHand;

  hold(inHand: InHand): void {
    if (this.inHand?.accessToken !== inHand.accessToken) this.inHand = inHand;
  }

  learn(accessToken: string, learned: Learned): void {
    const known = this.tokens.get(accessToken);
    this.tokens.set(
      accessToken,
      known
        ? {
            soonestEndAt: Math.min(known.soonestEndAt, learned.soonestEndAt),
            at: known.at,
            usableAt: Math.max(known.usableAt, learned.usableAt),
            forwardMs: Math.min(known.forwardMs, learned.forwardMs),
            wallOffsetMs: Math.max(known.wallOffsetMs, learned.wallOffsetMs),
          }
        : learned,
    );
  }
}
