import { type DynamicModule, Module } from '@nestjs/common';
import { type ASYNC_OPTIONS_TYPE, type OPTIONS_TYPE, TokenCacheRootClass } from './token-cache.module-definition.js';
import { type IntegrationOptions } from '../core/config/token-cache.options.js';
import { ROOT_TOKEN_SERVICE } from './token-cache.tokens.js';
import { TokenService } from './token.service.js';

/** Holds the one `TokenService`; global, but under a name of its own, so that only modules that ask for it see it. */
@Module({
  providers: [{ provide: ROOT_TOKEN_SERVICE, useClass: TokenService }],
  exports: [ROOT_TOKEN_SERVICE],
})
class TokenCacheRootModule extends TokenCacheRootClass {}

const VISIBLE_TOKEN_SERVICE = { provide: TokenService, useExisting: ROOT_TOKEN_SERVICE };

/** Gives an application `TokenService`. Configure it once, at the root; feature modules add their integrations. */
@Module({})
export class TokenCacheModule {
  /** @throws TokenConfigError at boot, naming the field */
  static forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return visible(TokenCacheRootModule.forRoot(options), options.isGlobal);
  }

  /** As `forRoot`, with options from a factory or a class. */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return visible(TokenCacheRootModule.forRootAsync(options), options.isGlobal);
  }

  /**
   * Adds integrations from a feature module, and makes `TokenService` visible in it.
   *
   * @throws TokenConfigError at boot, naming the field or a name that is taken
   */
  static forFeature(integrations: Record<string, IntegrationOptions>): DynamicModule {
    return {
      module: TokenCacheModule,
      providers: [
        {
          provide: TokenService,
          inject: [ROOT_TOKEN_SERVICE],
          useFactory: (tokens: TokenService) => {
            tokens.register(integrations);
            return tokens;
          },
        },
      ],
      exports: [TokenService],
    };
  }
}

function visible(root: DynamicModule, isGlobal = false): DynamicModule {
  return {
    module: TokenCacheModule,
    global: isGlobal,
    imports: [root],
    providers: [VISIBLE_TOKEN_SERVICE],
    exports: [TokenService],
  };
}
