import { ConfigurableModuleBuilder } from '@nestjs/common';
import { type TokenCacheOptions } from '../core/config/token-cache.options.js';

export const {
  ConfigurableModuleClass: TokenCacheRootClass,
  MODULE_OPTIONS_TOKEN: TOKEN_CACHE_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<TokenCacheOptions>({ moduleName: 'TokenCache' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTokenCacheOptions')
  .setExtras<{ isGlobal?: boolean }>({}, (definition) => ({ ...definition, global: true }))
  .build();
