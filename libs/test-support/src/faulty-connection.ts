import { type Socket, connect } from 'node:net';
import { FaultyFlow } from './faulty-flow.js';

/** A fault that lasts until it is healed. */
export type LastingFault =
  /** Every chunk, in either direction, comes this much later; with jitter up to so much more, never out of order. */
  | { kind: 'delay'; ms: number; jitterMs?: number }
  /** Nothing comes through any more, not even an end; it does when it is healed. @defaultValue both directions */
  | { kind: 'stall'; only?: 'requests' | 'replies' }
  /** Requests go through, replies are lost. */
  | { kind: 'eat-replies' };

/** How many bytes of a connection's beginning are kept, to tell who it is. */
const OPENING_BYTES = 1_024;

/** One connection through the proxy. */
export class FaultyConnection {
  /** The first bytes that the client sent. */
  opening = '';
  onOpening: () => void = () => undefined;
  onClosed: () => void = () => undefined;
  private readonly server: Socket;
  private readonly requests: FaultyFlow;
  private readonly replies: FaultyFlow;
  private isHalfOpen = false;

  constructor(
    private readonly client: Socket,
    target: { host: string; port: number },
  ) {
    this.server = connect({ ...target, allowHalfOpen: true });
    for (const socket of [client, this.server]) socket.setNoDelay(true);
    client.on('data', (chunk) => this.hear(chunk));
    this.requests = new FaultyFlow(client, this.server);
    this.replies = new FaultyFlow(this.server, client);
    client.once('close', () => {
      this.server.destroy();
      this.onClosed();
    });
    this.server.once('close', () => this.isHalfOpen || this.replies.close());
    // The end of the socket follows, and is passed on.
    for (const socket of [client, this.server]) socket.on('error', () => undefined);
  }

  suffer(fault: LastingFault): void {
    switch (fault.kind) {
      case 'delay':
        for (const flow of [this.requests, this.replies]) flow.delay = fault;
        break;
      case 'stall':
        if (fault.only !== 'replies') this.requests.stall();
        if (fault.only !== 'requests') this.replies.stall();
        break;
      case 'eat-replies':
        this.replies.isEaten = true;
    }
  }

  cut(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  halfOpen(): void {
    this.isHalfOpen = true;
    this.server.destroy();
  }

  heal(): void {
    this.requests.heal();
    this.replies.heal();
  }

  private hear(chunk: Buffer): void {
    if (this.opening.length >= OPENING_BYTES) return;
    this.opening += chunk.toString('latin1').slice(0, OPENING_BYTES);
    this.onOpening();
  }
}
