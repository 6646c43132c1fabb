import {
  type IntegrationOptions,
  TokenCacheModule,
  type TokenCacheOptions,
  type TokenStore,
} from '@mintonce/token-cache';
import { type DynamicModule, Module } from '@nestjs/common';
import { type GatewayConfig } from '../config/load-config.js';
import { CallLog } from './call-log.js';
import { RefusedSecrets } from './refused-secrets.js';
import { tokenEndpointFetch } from './token-endpoint-fetch.js';
import { tokenSourceOf } from './token-source.factory.js';
import { TOKEN_STORE, TokenStoreModule } from './token-store.module.js';

/** Provides `TokenService` to all modules, as configured. */
@Module({})
export class TokensModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: TokensModule,
      imports: [
        TokenCacheModule.forRootAsync({
          isGlobal: true,
          imports: [TokenStoreModule.forRoot(config)],
          inject: [TOKEN_STORE],
          useFactory: (store: TokenStore) => tokenCacheOptions(config, store),
        }),
      ],
      providers: [CallLog, RefusedSecrets],
    };
  }
}

/**
 * The options of the library.
 *
 * @throws ConfigError naming the field of a `token` section that is wrong
 */
export function tokenCacheOptions(config: GatewayConfig, store: TokenStore): TokenCacheOptions {
  const encryption = config.encryption && { keys: config.encryption };
  return { ...config.policy, store, encryption, integrations: integrationOptions(config) };
}

/**
 * The options of all integrations.
 *
 * @throws ConfigError naming the field of a `token` section that is wrong
 */
export function integrationOptions({ integrations, outbound }: GatewayConfig): Record<string, IntegrationOptions> {
  return Object.fromEntries(
    [...integrations].map(([name, { token, policy, credential, warmUp }]): [string, IntegrationOptions] => [
      name,
      { ...policy, credential, warmUp, source: tokenSourceOf(name, token, tokenEndpointFetch(outbound, token.tls)) },
    ]),
  );
}
