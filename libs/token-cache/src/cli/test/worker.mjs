// A worker that asks for a token now and then, and shows its metrics:
// node worker.mjs memory | <socket of Redis>
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { NestFactory } from '@nestjs/core';
import { MemoryTokenStore, TokenCacheModule, tokenSource, TokenService } from '@mintonce/token-cache';
import { TokenCacheMetricsModule } from '@mintonce/token-cache/prometheus';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Module } from '@nestjs/common';
import { register } from 'prom-client';

const [where] = process.argv.slice(2);
const store = where === 'memory' ? new MemoryTokenStore() : new RedisTokenStore(new Redis(where));
// A provider gives no two tokens the same end; a minute apart, no clock can confuse them.
const expiresInMs = 3_600_000 + (process.pid % 1_000) * 60_000;
const source = tokenSource('a provider', async () => ({ accessToken: `token-of-${process.pid}`, expiresInMs }));

class WorkerModule {}
Module({
  imports: [
    TokenCacheModule.forRoot({ store, integrations: { billing: { source } } }),
    PrometheusModule.register({ defaultMetrics: { enabled: false } }),
    TokenCacheMetricsModule,
  ],
})(WorkerModule);

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['error'] });
const tokens = app.get(TokenService, { strict: false });
await tokens.getToken('billing');
const server = createServer(async (_request, response) => response.end(await register.metrics()));
server.listen(0, '127.0.0.1', () => console.log(`metrics at http://127.0.0.1:${server.address().port}/`));
