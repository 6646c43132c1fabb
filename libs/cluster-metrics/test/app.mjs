/** A small application that counts the requests that it answers; the tests run it under PM2. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Counter, Histogram } from 'prom-client';
import { ClusterMetricsModule, ClusterMetricsService } from '../dist/index.js';

const hits = new Counter({ name: 'hits', help: 'Requests answered.' });
const seconds = new Histogram({
  name: 'work_seconds',
  help: 'Pretended work.',
  labelNames: ['kind'],
  buckets: [0.1, 1],
});

class AppModule {}
const { METRICS_DIRECTORY: directory, PORT: port } = process.env;
Module({ imports: [ClusterMetricsModule.forRoot({ directory })] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error', 'warn'] });
process.once('SIGINT', end).once('SIGTERM', end);

async function end() {
  await app.close();
  await leaveCluster();
  process.exit();
}

/**
 * Lets PM2's daemon release the last connections of a worker that it has stopped. It must be the last step: PM2's agent in the
 * worker ends a process that is not connected.
 */
async function leaveCluster() {
  if (!cluster.worker?.isConnected()) return;
  const gone = once(cluster.worker, 'disconnect');
  cluster.worker.disconnect();
  await gone;
}

const http = app.getHttpAdapter().getInstance();
http.addHook('onSend', async (_request, reply) => {
  reply.header('x-pid', process.pid);
  reply.header('connection', 'close');
});
http.post('/hit', async () => {
  hits.inc();
  seconds.observe({ kind: process.pid % 2 ? 'odd' : 'even' }, Math.random() * 2);
  return {};
});
http.get('/workers', () => app.get(ClusterMetricsService).workers());

await app.listen(Number(port), '127.0.0.1');
process.send?.('ready');
