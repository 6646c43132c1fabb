import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { clientCredentials, type ClientCredentialsOptions } from '../oauth/index.js';

const CLIENT = { clientId: 'gateway', clientSecret: 'secret-of-the-client' };

/** A certified authorization server on this machine; it keeps the headers of the token requests. */
export class CertifiedProvider {
  readonly seen: IncomingHttpHeaders[] = [];
  private held = Promise.resolve();

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  static async start(): Promise<CertifiedProvider> {
    // The provider prints warnings about its development settings.
    for (const method of ['info', 'warn'] as const) jest.spyOn(console, method).mockImplementation();
    const { Provider } = await import('oidc-provider');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const provider = new CertifiedProvider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const client = { client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret };
    const grant = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
    const answer = new Provider(provider.issuer, {
      clients: [{ ...client, ...grant, token_endpoint_auth_method: 'client_secret_basic', scope: 'a-scope' }],
      scopes: ['a-scope'],
      ttl: { ClientCredentials: 3_600 },
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
    }).callback();
    server.on('request', (request, response) => {
      // Metadata is read by GET.
      if (request.method !== 'POST') return void answer(request, response);
      provider.seen.push(request.headers);
      void provider.held.then(() => answer(request, response));
    });
    return provider;
  }

  /** Lets token requests wait until the returned function is called. */
  hold(): () => void {
    let release = (): void => {};
    this.held = new Promise((resolve) => (release = resolve));
    return release;
  }

  source(options: Partial<ClientCredentialsOptions> = {}) {
    return clientCredentials({ issuer: this.issuer, ...CLIENT, allowInsecureRequests: true, ...options });
  }

  /** Forgets what it saw, and answers at once. */
  reset(): void {
    this.seen.length = 0;
    this.held = Promise.resolve();
  }

  async stop(): Promise<void> {
    jest.restoreAllMocks();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
