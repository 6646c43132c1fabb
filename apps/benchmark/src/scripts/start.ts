import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { type DynamicModule } from '@nestjs/common';
import { tell } from './run-script.js';

/** What it takes to start an application, and what it then weighs. */
const [library = '', redisUrl = '', count = '0'] = process.argv.slice(2);

const startedAt = performance.now();
class Application {}
const module: DynamicModule = { module: Application, imports: await importsOf(library) };
const application = await NestFactory.createApplicationContext(module, { logger: ['error'] });
const startMs = performance.now() - startedAt;
globalThis.gc?.();
const rss = process.memoryUsage().rss / 1024 / 1024;
void application;
tell({ startMs, rssMb: rss });

async function importsOf(name: string): Promise<DynamicModule[]> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(redisUrl);
  await redis.ping();
  if (name === 'ours') {
    const { TokenCacheModule, tokenSource } = await import('@mintonce/token-cache');
    const { RedisTokenStore } = await import('@mintonce/token-cache/redis');
    const source = tokenSource('benchmark', async () => ({ accessToken: 'token' }));
    const integrations = Object.fromEntries(
      Array.from({ length: Number(count) }, (_, index) => [`api-${index}`, { source }]),
    );
    return [TokenCacheModule.forRoot({ store: new RedisTokenStore(redis), integrations })];
  }
  if (name === 'bentocache') {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useL2Layer(redisDriver({ connection: redis }))
      .useBus(redisBusDriver({ connection: redis.duplicate() }));
    void new BentoCache({ default: 'tokens', stores: { tokens: store } });
  }
  if (name === 'cache-manager') {
    const { createCache } = await import('cache-manager');
    const { Keyv } = await import('keyv');
    const { default: KeyvRedis } = await import('@keyv/redis');
    void createCache({ stores: [new Keyv(), new Keyv({ store: new KeyvRedis(redisUrl) })] });
  }
  if (name === 'msal-node') await import('@azure/msal-node');
  return [];
}
