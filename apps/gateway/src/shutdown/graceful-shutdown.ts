import cluster from 'node:cluster';
import { once } from 'node:events';
import { type Server } from 'node:http';
import { Logger } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type LogStream } from '../log/log-stream.js';
import { Drain } from './drain.js';
import { unheld } from './unheld.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const DISCONNECT_MS = 1_000;

/**
 * Makes SIGINT (which PM2 sends) and SIGTERM end the process without a failed request: drain, release leases, close, exit 0.
 * Nest's own shutdown hooks are not used: terminus would answer 503 while siblings still serve, and PM2's daemon would keep
 * connections of this worker.
 *
 * @param otherServers that serve beside the application's own
 * @param log that is written to its last line before the process ends
 */
export function shutDownGracefully(
  app: NestFastifyApplication,
  otherServers: readonly Server[],
  drainTimeoutMs: number,
  log: Pick<LogStream, 'flush'>,
): void {
  const drains = [app.getHttpServer(), ...otherServers].map((server) => new Drain(server));
  let shuttingDown: Promise<void> | undefined;
  const shutDown = (signal: NodeJS.Signals) => {
    shuttingDown ??= end(signal, app, drains, drainTimeoutMs, log);
  };
  for (const signal of SIGNALS) process.on(signal, shutDown);
}

async function end(
  signal: NodeJS.Signals,
  app: NestFastifyApplication,
  drains: readonly Drain[],
  drainTimeoutMs: number,
  log: Pick<LogStream, 'flush'>,
): Promise<void> {
  const logger = new Logger('Shutdown');
  try {
    logger.log(`Stops because of ${signal}: the requests in flight are finished first`);
    await Promise.all(drains.map((drain) => drain.run(drainTimeoutMs)));
    await app.close();
    logger.log('Stopped');
    // What is written later does not reach PM2 any more.
    await log.flush();
    await leaveCluster();
    process.exit(0);
  } catch (error) {
    logger.error(error);
    await log.flush();
    process.exit(1);
  }
}

/** Disconnects from the cluster's primary, which then gives a connection that it is handing over to a sibling. */
async function leaveCluster(): Promise<void> {
  if (!cluster.worker?.isConnected()) return;
  const left = once(cluster.worker, 'disconnect');
  cluster.worker.disconnect();
  await Promise.race([left, unheld(DISCONNECT_MS)]);
}
