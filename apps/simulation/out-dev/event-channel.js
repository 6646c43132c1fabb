/** How long a process takes to connect again. */
const RECONNECT_MS = 60;
/** For the history: a calm network is faster. */
const LATE_MS = 10;
/** One process's subscription: in order while it lasts, at most once, and sometimes dead without anybody knowing. */
export class EventChannel {
    time;
    server;
    host;
    link;
    state = 'down';
    /** What an event takes beyond the network, and the most that it ever took. */
    extraDelayMs = 0;
    mostExtraDelayMs = 0;
    upAt = 0;
    /** When it last came up, broke or fell silent. */
    changedAt = 0;
    listener;
    connection = 0;
    lastArrivesAt = 0;
    constructor(time, server, host, link) {
        this.time = time;
        this.server = server;
        this.host = host;
        this.link = link;
    }
    subscribe(listener) {
        this.listener = listener;
        this.connect();
        return () => {
            this.connection++;
            this.state = 'down';
            delete this.listener;
        };
    }
    publish(event) {
        if (this.state !== 'up')
            return this.tell(event, `lost, its channel is ${this.state}`);
        const { connection } = this;
        const publishedAt = this.time.now;
        this.mostExtraDelayMs = Math.max(this.mostExtraDelayMs, this.extraDelayMs);
        this.lastArrivesAt = Math.max(this.lastArrivesAt, this.time.now + this.link.delay() + this.extraDelayMs);
        this.time.after(this.lastArrivesAt - this.time.now, this.host, () => {
            if (connection !== this.connection)
                return this.tell(event, 'lost, its channel broke meanwhile');
            const tookMs = this.time.now - publishedAt;
            this.tell(event, `after ${tookMs.toFixed(1)} ms${tookMs > LATE_MS ? ', late' : ''}`);
            this.listener?.event(event);
        });
    }
    /** The connection breaks, and the process notices. */
    break(forMs = 0) {
        if (!this.listener)
            return;
        const wasUp = this.state !== 'down';
        const connection = ++this.connection;
        this.state = 'down';
        this.changedAt = this.time.now;
        this.time.after(0, this.host, () => {
            if (wasUp && connection === this.connection)
                this.listener?.down();
        });
        this.time.after(forMs, this.host, () => connection === this.connection && this.connect());
    }
    /** Nothing arrives any more, and nobody notices until the heartbeat fails. */
    deafen(forMs) {
        if (this.state !== 'up')
            return;
        this.state = 'deaf';
        this.changedAt = this.time.now;
        const { connection } = this;
        this.time.after(forMs, this.time.world, () => connection === this.connection && this.break());
    }
    connect() {
        const connection = ++this.connection;
        this.time.after(RECONNECT_MS + this.link.delay(), this.host, () => {
            if (connection !== this.connection || !this.listener)
                return;
            if (this.server.state !== 'up' || this.link.conditions.loseRequests > 0.9)
                return this.connect();
            this.state = 'up';
            this.upAt = this.time.now;
            this.changedAt = this.upAt;
            this.lastArrivesAt = 0;
            this.listener.up();
        });
    }
    tell(event, became) {
        this.server.narrator.event(this.host.name, event, became);
    }
}
//# sourceMappingURL=event-channel.js.map