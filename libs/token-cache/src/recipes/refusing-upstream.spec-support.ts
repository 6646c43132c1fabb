import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** An upstream of invoices, which answers with the credential that it was sent, and refuses some of them. */
export class RefusingUpstream {
  private readonly refused = new Set<string | undefined>([undefined]);

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<RefusingUpstream> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const upstream = new RefusingUpstream(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    server.on('request', ({ url = '', headers: { authorization } }, response) => {
      response.writeHead(upstream.refused.has(authorization) ? 401 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: url.split('/').at(-1), credential: authorization }));
    });
    return upstream;
  }

  /** From now on that credential gets a 401. */
  refuse(credential: string): void {
    this.refused.add(credential);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
