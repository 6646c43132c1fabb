import 'reflect-metadata';
import { type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { tell } from './run-script.js';

/** Starts an application on the Redis of the row; tells how old its process is by then, and what it weighs. */
export async function startApplication(importsOf: (redis: Redis, redisUrl: string) => DynamicModule[]): Promise<void> {
  const [redisUrl = ''] = process.argv.slice(2);
  class Application {}
  const redis = new Redis(redisUrl);
  await redis.ping();
  const module = { module: Application, imports: importsOf(redis, redisUrl) };
  await NestFactory.createApplicationContext(module, { logger: ['error'] });
  const startMs = performance.now();
  globalThis.gc?.();
  tell({ startMs, rssMb: process.memoryUsage().rss / 1024 / 1024 });
}
