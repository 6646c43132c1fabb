import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type TokenCacheOptions } from '../core/config/token-cache.options.js';
import { systemClock } from '../core/contract/clock.js';
import { TokenClient } from '../core/token-client.js';
import { TOKEN_CACHE_OPTIONS } from './token-cache.module-definition.js';
import { warnOfColdTokens } from './cold-tokens-warning.js';
import { TokenLog } from './token-log.js';
import { warnOfUnsharedStore } from './unshared-store-warning.js';

/** `TokenClient` as a provider of Nest: it logs as the application does, and closes with it. */
@Injectable()
export class TokenService extends TokenClient implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(TokenService.name);
  private warming?: Promise<void>;

  /** @throws TokenConfigError naming the field */
  constructor(@Inject(TOKEN_CACHE_OPTIONS) options: TokenCacheOptions) {
    super(options);
    this.observe(new TokenLog(this.logger, options.clock ?? systemClock));
    warnOfUnsharedStore(options.store, this.logger);
  }

  /** Once, though each module that adds integrations calls it; the application listens after that. */
  onApplicationBootstrap(): Promise<void> {
    return (this.warming ??= this.warmUp().then((cold) => warnOfColdTokens(cold, this.logger)));
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  protected override onUnexpected(error: unknown): void {
    this.logger.error(error);
  }
}
