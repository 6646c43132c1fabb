import { once } from 'node:events';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { FaultyConnection, type LastingFault } from './faulty-connection.js';

export interface FaultProxyOptions {
  /** Where the connections lead. */
  target: { port: number; host?: string };
}

/** Says of a connection whether a fault is meant for it; asked again at its first bytes, since these tell who it is. */
export type Which = (connection: FaultyConnection) => boolean;

/** A TCP proxy on a port of the loopback interface, which breaks connections as it is told and until then is not noticed. */
export interface FaultProxy {
  readonly port: number;
  /** Those that are open on the client's side, oldest first. */
  readonly connections: readonly FaultyConnection[];
  /** Lays a fault upon the connections that match, present and to come, until `heal()`. @defaultValue all connections */
  suffer(fault: LastingFault, which?: Which): void;
  /** Resets open connections (RST); the client may come again. @defaultValue all connections */
  cut(which?: Which): void;
  /** Ends the server's side of open connections; the client's stays open, and nobody answers. @defaultValue all connections */
  halfOpen(which?: Which): void;
  /** Nobody listens any more (ECONNREFUSED); open connections stay. */
  refuse(): void;
  /** Listens, and lets what stalled flow on. What was eaten or half-opened does not come back. */
  heal(): Promise<void>;
  /** Refuses new connections and resets the open ones. */
  stop(): void;
}

/** Starts a proxy on a free port. */
export async function faultProxy({ target }: FaultProxyOptions): Promise<FaultProxy> {
  const server = createServer({ allowHalfOpen: true });
  const proxy = new RunningProxy(server, await listen(server, 0));
  server.on('connection', (client) => proxy.admit(new FaultyConnection(client, { host: '127.0.0.1', ...target })));
  return proxy;
}

class RunningProxy implements FaultProxy {
  private readonly open = new Set<FaultyConnection>();
  private lasting: { fault: LastingFault; which: Which }[] = [];

  constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  get connections(): readonly FaultyConnection[] {
    return [...this.open];
  }

  admit(connection: FaultyConnection): void {
    this.open.add(connection);
    connection.onClosed = () => this.open.delete(connection);
    connection.onOpening = () => this.infect(connection);
    this.infect(connection);
  }

  suffer(fault: LastingFault, which: Which = () => true): void {
    this.lasting.push({ fault, which });
    for (const connection of this.matching(which)) connection.suffer(fault);
  }

  cut(which?: Which): void {
    for (const connection of this.matching(which)) connection.cut();
  }

  halfOpen(which?: Which): void {
    for (const connection of this.matching(which)) connection.halfOpen();
  }

  refuse(): void {
    if (this.server.listening) this.server.close();
  }

  async heal(): Promise<void> {
    this.lasting = [];
    for (const connection of this.open) connection.heal();
    if (!this.server.listening) await listen(this.server, this.port);
  }

  stop(): void {
    this.refuse();
    this.cut();
  }

  private infect(connection: FaultyConnection): void {
    for (const { fault, which } of this.lasting) if (which(connection)) connection.suffer(fault);
  }

  private matching(which: Which = () => true): FaultyConnection[] {
    return [...this.open].filter(which);
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
