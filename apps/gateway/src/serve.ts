import 'reflect-metadata';
import { isLoopback } from '@mintonce/token-cache/oauth';
import { Logger } from '@nestjs/common';
import { listenOn, operationsServer } from './access/operations-door.js';
import { DEFAULT_LIMITS } from './config/limits.js';
import { type GatewayConfig, loadConfig } from './config/load-config.js';
import { explain } from './explain.js';
import { createGateway } from './gateway.js';
import { leaveHealthUrl } from './health/health-url.js';
import { DEFAULT_LOG_LEVEL, logLevelOf } from './log/log-level.js';
import { type Log, openLog } from './log/log.js';
import { type LogStream, standardOutput } from './log/log-stream.js';
import { NestLog } from './log/nest-log.js';
import { logProcessEvents } from './log/process-events.js';
import { withoutCredentials } from './log/without-credentials.js';
import { type Hangup } from './reload/hangup.js';
import { Reload } from './reload/reload.js';
import { watchLostConnections } from './server/lost-connections.js';
import { tellConnections } from './server/open-files.js';
import { shutDownGracefully } from './shutdown/graceful-shutdown.js';
import { tellStore } from './tokens/store-line.js';

/**
 * Serves until the process is told to end.
 *
 * @param hangup which listens already
 */
export async function serve(env: NodeJS.ProcessEnv, hangup: Hangup): Promise<void> {
  const output = await standardOutput();
  const log = openLog(logLevelOf(env.LOG_LEVEL ?? '') ?? DEFAULT_LOG_LEVEL, output);
  const end = (code: number): void => {
    process.exitCode = code;
    void output.flush().then(() => process.exit(code));
  };
  logProcessEvents(log, end);
  Logger.overrideLogger(new NestLog(log));
  await start(env, hangup, log, output).catch((error: unknown) => {
    log.fatal(`The gateway cannot start.\n${withoutCredentials(explain(error, env))}`);
    end(1);
  });
}

async function start(env: NodeJS.ProcessEnv, hangup: Hangup, log: Log, output: LogStream): Promise<void> {
  const config = loadConfig(env, process.cwd());
  const app = await createGateway(config, log);
  const operations = operationsServer(app, config);
  shutDownGracefully(app, operations ? [operations] : [], config.drainTimeoutMs, output);
  await app.listen(config.port, config.host);
  if (operations) await listenOn(operations, config.operations!);
  const { tls } = operations ? config.operations! : config;
  leaveHealthUrl(operations ?? app.getHttpServer(), tls !== undefined, env.GATEWAY_HEALTH_FILE);
  new Logger('Gateway').log(`Listens on ${await app.getUrl()}`);
  warnOfClearKeys(config);
  tellStore(config);
  tellConnections((config.limits ?? DEFAULT_LIMITS).connections);
  watchLostConnections(endUnheard);
  hangup.serve(() => reload(app.get(Reload), env));
  process.send?.('ready');
}

/** Whoever can listen on the way to the door could take the keys of its callers. */
function warnOfClearKeys({ host, tls }: GatewayConfig): void {
  if (isLoopback(host) || tls) return;
  new Logger('Gateway').warn(
    `Listens on ${host} without TLS: set listen.tls, or let callers reach it through a proxy that ends TLS`,
  );
}

/** PM2 starts another worker in place of one that ends. */
function endUnheard(): void {
  new Logger('Gateway').error(
    'Ends, since connections did not arrive: the process had no free file descriptor. Raise the limit of open files (ulimit -n)',
  );
  process.kill(process.pid, 'SIGTERM');
}

/** A configuration that is wrong leaves the one that is in use. */
function reload(target: Reload, env: NodeJS.ProcessEnv): void {
  const logger = new Logger('Reload');
  try {
    const next = loadConfig(env, process.cwd());
    const fixed = target.take(next);
    logger.log(`The changed configuration is in use. Integrations: ${[...next.integrations.keys()].join(', ')}`);
    if (fixed.length > 0) logger.warn(`Not in use before a restart (pm2 reload gateway): ${fixed.join(', ')}`);
  } catch (error) {
    logger.error(`The changed configuration is wrong, and the former one stays in use.\n${explain(error, env)}`);
  }
}
