import { TokenObserver, TokenService, type TokenSourceError } from '@mintonce/token-cache';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';

const LOOK_MS = 1_000;

/**
 * Ends the cool-down of an integration whose secret was refused, once its file holds another one. A process that was refused sees
 * to it; the purge that ends the cool-down reaches all the others.
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

  override mintFailed(integration: string, { code, retryAfterMs = 0 }: TokenSourceError): void {
    const secret = this.config.integrations.get(integration)?.token.clientSecret;
    if (code === 'TOKEN_SOURCE_REJECTED' && typeof secret === 'function') this.watch(integration, secret, retryAfterMs);
  }

  onApplicationShutdown(): void {
    for (const integration of this.watches.keys()) this.unwatch(integration);
  }

  private watch(integration: string, secret: () => string, forMs: number): void {
    this.unwatch(integration);
    const refused = secret();
    const endsAt = performance.now() + forMs;
    const look = () => {
      if (secret() !== refused) void this.resume(integration);
      // The next mint reads the file itself.
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
      `The secret of "${integration}" was refused and has changed: the next request asks for a token again`,
    );
  }
}
