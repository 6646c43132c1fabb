import { TokenConfigError } from '@mintonce/token-cache';
import { type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { ConfigError } from './config/config.error.js';
import { type GatewayConfig } from './config/load-config.js';
import { httpAdapter } from './http-adapter.js';

/** Under PM2 every line also travels to the daemon. */
const LOG_LEVELS: LogLevel[] = ['fatal', 'error', 'warn'];

/**
 * Builds the gateway, which does not listen yet.
 *
 * @throws ConfigError naming what is wrong with the configuration
 */
export async function createGateway(config: GatewayConfig): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), httpAdapter(), {
    abortOnError: false,
    // Whoever catches the error says what is wrong, once.
    bufferLogs: true,
    autoFlushLogs: false,
  }).catch(inTermsOfTheFile);
  app.useLogger(LOG_LEVELS);
  app.flushLogs();
  // Web pages that the same person has open must not use the credentials.
  app.enableCsrfProtection();
  return app;
}

/** The library knows its options, and not that their place in the file is a `policy` section. */
function inTermsOfTheFile(error: unknown): never {
  if (!(error instanceof TokenConfigError)) throw error;
  const [, integration = '', field = ''] = /^(integrations\.[^.]+\.)?(.*)$/.exec(error.field) ?? [];
  const problem = error.message.slice(error.field.length).trim();
  throw new ConfigError([{ path: `${integration}policy.${field}`, problem }]);
}
