import { type DynamicModule, Module } from '@nestjs/common';
import { GATEWAY_CONFIG } from './gateway-config.token.js';
import { type GatewayConfig } from './load-config.js';

/** Provides the configuration to every module. */
@Module({})
export class ConfigModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: GATEWAY_CONFIG, useValue: config }],
      exports: [GATEWAY_CONFIG],
    };
  }
}
