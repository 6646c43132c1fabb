/** A stall of the event loop costs a peer one part of its time at most. */
const PARTS = 4;

/**
 * Time in which a peer must send something, or take what it is sent. It judges the peer and not this process: a part of it that a
 * stall of the event loop prolongs counts as its own length, and before it is over, what has arrived is read.
 */
export class PeerTimeout {
  private readonly part: NodeJS.Timeout;
  private partsOver = 0;
  private lastRead?: NodeJS.Immediate;

  /**
   * @param limitMs above 0
   * @param expire called once, when the time is over
   */
  constructor(
    limitMs: number,
    private readonly expire: () => void,
  ) {
    this.part = setTimeout(() => this.endPart(), Math.ceil(limitMs / PARTS));
  }

  /** The peer has done something: its time begins anew. */
  refresh(): void {
    this.partsOver = 0;
    clearImmediate(this.lastRead);
    this.part.refresh();
  }

  clear(): void {
    clearTimeout(this.part);
    clearImmediate(this.lastRead);
  }

  private endPart(): void {
    // After a stall Node runs timers before it reads sockets. It runs immediates once it has read all that have something.
    if (++this.partsOver === PARTS) this.lastRead = setImmediate(this.expire);
    else this.part.refresh();
  }
}
