import { type TokenStoreEvent, type TokenStoreEvents, type TokenStoreListener } from '@mintonce/token-cache';
import { type Host } from './host.js';
import { type Link } from './link.js';
import { type StoreServer } from './store-server.js';
import { type VirtualTime } from './virtual-time.js';

/** How long a process takes to connect again. */
const RECONNECT_MS = 60;
/** For the history: a calm network is faster. */
const LATE_MS = 10;

/** One process's subscription: in order while it lasts, at most once, and sometimes dead without anybody knowing. */
export class EventChannel implements TokenStoreEvents {
  state: 'down' | 'up' | 'deaf' = 'down';
  /** What an event takes beyond the network, and the most that it ever took. */
  extraDelayMs = 0;
  mostExtraDelayMs = 0;
  upAt = 0;
  /** When it last came up, broke or fell silent. */
  changedAt = 0;
  /** An event reaches the process. */
  onHeard: (event: TokenStoreEvent, publishedAt: number) => void = () => {};
  private listener?: TokenStoreListener;
  private connection = 0;
  private lastArrivesAt = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly server: StoreServer,
    private readonly host: Host,
    private readonly link: Link,
  ) {}

  subscribe(listener: TokenStoreListener): () => void {
    this.listener = listener;
    this.connect();
    return () => {
      this.connection++;
      this.state = 'down';
      delete this.listener;
    };
  }

  publish(event: TokenStoreEvent): void {
    if (this.state !== 'up') return this.tell(event, `lost, its channel is ${this.state}`);
    const { connection } = this;
    const publishedAt = this.time.now;
    this.mostExtraDelayMs = Math.max(this.mostExtraDelayMs, this.extraDelayMs);
    this.lastArrivesAt = Math.max(this.lastArrivesAt, this.time.now + this.link.delay() + this.extraDelayMs);
    this.time.after(this.lastArrivesAt - this.time.now, this.host, () => {
      if (connection !== this.connection) return this.tell(event, 'lost, its channel broke meanwhile');
      const tookMs = this.time.now - publishedAt;
      this.tell(event, `after ${tookMs.toFixed(1)} ms${tookMs > LATE_MS ? ', late' : ''}`);
      this.onHeard(event, publishedAt);
      this.listener?.event(event);
    });
  }

  /** The connection breaks, and the process notices. */
  break(forMs = 0): void {
    if (!this.listener) return;
    const wasUp = this.state !== 'down';
    const connection = ++this.connection;
    this.state = 'down';
    this.changedAt = this.time.now;
    this.time.after(0, this.host, () => {
      if (wasUp && connection === this.connection) this.listener?.down();
    });
    this.time.after(forMs, this.host, () => connection === this.connection && this.connect());
  }

  /** Nothing arrives any more, and nobody notices until the heartbeat fails. */
  deafen(forMs: number): void {
    if (this.state !== 'up') return;
    this.state = 'deaf';
    this.changedAt = this.time.now;
    const { connection } = this;
    this.time.after(forMs, this.time.world, () => connection === this.connection && this.break());
  }

  private connect(): void {
    const connection = ++this.connection;
    this.time.after(RECONNECT_MS + this.link.delay(), this.host, () => {
      if (connection !== this.connection || !this.listener) return;
      if (this.server.state !== 'up' || this.link.conditions.loseRequests > 0.9) return this.connect();
      this.state = 'up';
      this.upAt = this.time.now;
      this.changedAt = this.upAt;
      this.lastArrivesAt = 0;
      this.listener.up();
    });
  }

  private tell(event: TokenStoreEvent, became: string): void {
    this.server.narrator.event(this.host.name, event, became);
  }
}
