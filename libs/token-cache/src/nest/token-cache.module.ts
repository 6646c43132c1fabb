import { type DynamicModule, Module } from '@nestjs/common';
import { featureProviders, type Integrations, type TokenCacheFeatureAsyncOptions } from './token-cache.feature.js';
import { type ASYNC_OPTIONS_TYPE, type OPTIONS_TYPE, TokenCacheRootClass } from './token-cache.module-definition.js';
import { ROOT_TOKEN_SERVICE } from './token-cache.tokens.js';
import { TokenService } from './token.service.js';

/**
 * Holds the one `TokenService`; global, but under a name of its own, so that only modules that ask for it see it. It is also a
 * provider under its class: `overrideProvider(TokenService)` of a test then replaces it before it is built.
 */
@Module({
  providers: [TokenService, { provide: ROOT_TOKEN_SERVICE, useExisting: TokenService }],
  exports: [ROOT_TOKEN_SERVICE],
})
class TokenCacheRootModule extends TokenCacheRootClass {}

/**
 * Gives an application `TokenService`. Configure it once, at the root; feature modules add their integrations, or import the
 * class itself when they have none.
 */
@Module({
  providers: [{ provide: TokenService, useExisting: ROOT_TOKEN_SERVICE }],
  exports: [TokenService],
})
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
  static forFeature(integrations: Integrations): DynamicModule {
    return { module: TokenCacheModule, providers: featureProviders({ useFactory: () => integrations }) };
  }

  /**
   * As `forFeature`, with integrations from a factory.
   *
   * @example
   * TokenCacheModule.forFeatureAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ crm: { source: crmSource(config.getOrThrow('CRM_SECRET')) } }),
   * })
   * @throws TokenConfigError at boot, naming the field or a name that is taken
   */
  static forFeatureAsync(options: TokenCacheFeatureAsyncOptions): DynamicModule {
    return { module: TokenCacheModule, imports: options.imports ?? [], providers: featureProviders(options) };
  }
}

function visible(root: DynamicModule, isGlobal = false): DynamicModule {
  return { module: TokenCacheModule, global: isGlobal, imports: [root] };
}
