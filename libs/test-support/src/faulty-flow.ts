import { type Socket } from 'node:net';

/** One direction of a connection: what arrives leaves in order, when it is let. */
export class FaultyFlow {
  delay: { ms: number; jitterMs?: number } = { ms: 0 };
  /** What arrives is lost. */
  isEaten = false;
  private isStalled = false;
  private readonly queue: { dueAt: number; action: () => void }[] = [];
  private timer?: NodeJS.Timeout;

  constructor(
    from: Socket,
    private readonly to: Socket,
  ) {
    from.on('data', (chunk) => this.isEaten || this.pass(() => to.writable && to.write(chunk)));
    from.once('end', () => this.pass(() => to.end()));
  }

  stall(): void {
    this.isStalled = true;
  }

  heal(): void {
    this.delay = { ms: 0 };
    this.isEaten = false;
    this.isStalled = false;
    for (const waiting of this.queue) waiting.dueAt = 0;
    this.flow();
  }

  /** The other side is gone; so is this one, as soon as the news comes through. */
  close(): void {
    this.pass(() => this.to.destroy());
  }

  private pass(action: () => void): void {
    const { ms, jitterMs = 0 } = this.delay;
    const last = this.queue.at(-1)?.dueAt ?? 0;
    this.queue.push({ dueAt: Math.max(last, performance.now() + ms + jitterMs * Math.random()), action });
    this.flow();
  }

  /** A timer may fire a little early, since its clock is that of the event loop's last turn; then it is set again. */
  private flow(): void {
    clearTimeout(this.timer);
    if (this.isStalled) return;
    for (let next = this.queue[0]; next; next = this.queue[0]) {
      const leftMs = next.dueAt - performance.now();
      if (leftMs > 0) {
        this.timer = setTimeout(() => this.flow(), leftMs);
        return;
      }
      this.queue.shift();
      next.action();
    }
  }
}
