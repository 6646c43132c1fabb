import { type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** JSON messages over a socket, one a line. */
export class LineLink<Incoming, Outgoing> {
  constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
  }

  onMessage(listener: (message: Incoming) => void): void {
    createInterface(this.socket).on('line', (line) => listener(JSON.parse(line) as Incoming));
  }

  onClosed(listener: () => void): void {
    this.socket.once('close', listener);
  }

  send(message: Outgoing): void {
    if (this.socket.writable) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Resolves when everything is written. */
  end(): Promise<void> {
    return new Promise((resolve) => this.socket.end(resolve));
  }
}
