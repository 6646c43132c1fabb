import { TokenObserver, TokenService, type TokenSourceError } from '@mintonce/token-cache';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type TokenSection } from '../config/integration.js';
import { type GatewayConfig } from '../config/load-config.js';

const LOOK_MS = 1_000;

/**
 * Ends the cool-down of an integration whose login was refused, once a file of its token section holds something else. A process
 * that was refused sees to it; the purge that ends the cool-down reaches all the others.
 */
@Injectable()
export class RefusedSecrets extends TokenObserver implements OnApplicationShutdown {
  private readonly logger = new Logger('Secrets');
  private readonly watches = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly tokens: TokenService,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {
    super();
    tokens.observe(this);
  }

  override mintFailed(integration: string, error: TokenSourceError): void {
    const section = this.config.integrations.get(integration)?.token;
    if (section && mayBeOfFiles(error)) this.watch(integration, readersOf(section), error.retryAfterMs ?? 0);
  }

  onApplicationShutdown(): void {
    for (const integration of this.watches.keys()) this.unwatch(integration);
  }

  private watch(integration: string, readers: readonly Reader[], forMs: number): void {
    this.unwatch(integration);
    if (readers.length === 0) return;
    const refused = readers.map((read) => read());
    const endsAt = performance.now() + forMs;
    const look = () => {
      if (readers.some((read, index) => read() !== refused[index])) void this.resume(integration);
      // The next mint reads the files itself.
      else if (performance.now() < endsAt) return;
      this.unwatch(integration);
    };
    this.watches.set(integration, setInterval(look, LOOK_MS).unref());
  }

  private unwatch(integration: string): void {
    clearInterval(this.watches.get(integration));
    this.watches.delete(integration);
  }

  /** A token that is still valid is served on; its refresh can wait for the end of the cool-down. */
  private async resume(integration: string): Promise<void> {
    const { state } = await this.tokens.status(integration);
    if (state === 'valid') return;
    // A store that does not answer has no cool-down to end, and this process forgets its own.
    await this.tokens.purge(integration).catch(() => {});
    this.logger.warn(
      `No token was minted for "${integration}", and a file of its login has changed: the next request asks for a token again`,
    );
  }
}

/** What a file holds now; for the PEMs of `tls`, an object that is another one as soon as they are others. */
type Reader = () => unknown;

/** The readers of all files of a token section. */
function readersOf({ clientSecret, parameters = {}, headers = {}, tls }: TokenSection): Reader[] {
  const values = [clientSecret, Object.values(parameters), Object.values(headers), tls].flat(2);
  return values.filter((value) => typeof value === 'function');
}

/** Whether what was sent, or what the connection was made with, may be the fault: a refusal, or no answer at all. */
function mayBeOfFiles({ code, binds }: TokenSourceError): boolean {
  return code === 'TOKEN_SOURCE_REJECTED' || binds === 'process';
}
