import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { MemoryTokenStore, TokenCacheModule, TokenService } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { TokenCacheMetricsModule } from '@mintonce/token-cache/prometheus';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { readCounters } from './read-counters.js';
import { INTEGRATION, type Order, type Report, type WorkerSettings } from '../messages.js';

const { side, issuer, clientSecret, everyMs } = JSON.parse(process.env['STORY_WORKER'] ?? '') as WorkerSettings;
const REPORT_MS = 200;

const { clientId, clientAuth } = side;
const source = clientCredentials({
  issuer,
  clientId,
  clientSecret,
  clientAuth,
  scope: 'api:read',
  allowInsecureRequests: true,
});
// The whole difference between the two sides.
const store = side.path === undefined ? new MemoryTokenStore() : new SqliteTokenStore({ path: side.path });

@Module({
  imports: [
    TokenCacheModule.forRoot({ store, integrations: { [INTEGRATION]: { source } } }),
    PrometheusModule.register({ defaultMetrics: { enabled: false } }),
    TokenCacheMetricsModule,
  ],
})
class WorkerModule {}

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['error'] });
const tokens = app.get(TokenService, { strict: false });
let failed = 0;
let load: NodeJS.Timeout | undefined;

process.on('message', (order: Order) => {
  clearInterval(load);
  if (order === 'go') load = setInterval(call, everyMs);
});
// Ctrl-C reaches every process of the terminal; the story ends its workers itself, and a worker never outlives it.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
setInterval(() => void report(), REPORT_MS);
send({ is: 'ready' });

function call(): void {
  tokens.getToken(INTEGRATION).catch(() => failed++);
}

async function report(): Promise<void> {
  send({ is: 'counted', counters: await readCounters(), failed });
}

function send(message: Report): void {
  // The channel may close while a report is made.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
