import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type TokenCacheOptions } from '../core/config/token-cache.options.js';
import { systemClock } from '../core/contract/clock.js';
import { TokenClient } from '../core/token-client.js';
import { TOKEN_CACHE_OPTIONS } from './token-cache.module-definition.js';
import { TokenLog } from './token-log.js';
import { warnOfUnsharedStore } from './unshared-store-warning.js';

/** `TokenClient` as a provider of Nest: it logs as the application does, and closes with it. */
@Injectable()
export class TokenService extends TokenClient implements OnApplicationShutdown {
  private readonly logger = new Logger(TokenService.name);

  /** @throws TokenConfigError naming the field */
  constructor(@Inject(TOKEN_CACHE_OPTIONS) options: TokenCacheOptions) {
    super(options);
    this.observe(new TokenLog(this.logger, options.clock ?? systemClock));
    warnOfUnsharedStore(options.store, this.logger);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  protected override onUnexpected(error: unknown): void {
    this.logger.error(error);
  }
}
