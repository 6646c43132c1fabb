import 'reflect-metadata';
import cluster from 'node:cluster';
import { Logger } from '@nestjs/common';
import { makeKey } from './access/make-key.js';
import { listenOn, operationsServer } from './access/operations-door.js';
import { checkConfig } from './check-config.js';
import { ConfigError } from './config/config.error.js';
import { DEFAULT_LIMITS } from './config/limits.js';
import { explainConfig } from './config/line-of.js';
import { type GatewayConfig, loadConfig, readConfigFile } from './config/load-config.js';
import { isLoopback } from './config/loopback.js';
import { createGateway } from './gateway.js';
import { leaveHealthUrl } from './health/health-url.js';
import { DEFAULT_LOG_LEVEL, logLevelOf } from './log/log-level.js';
import { type Log, openLog } from './log/log.js';
import { type LogStream, standardOutput } from './log/log-stream.js';
import { NestLog } from './log/nest-log.js';
import { logProcessEvents } from './log/process-events.js';
import { withoutCredentials } from './log/without-credentials.js';
import { Hangup } from './reload/hangup.js';
import { Reload } from './reload/reload.js';
import { watchLostConnections } from './server/lost-connections.js';
import { tellConnections } from './server/open-files.js';
import { shutDownGracefully } from './shutdown/graceful-shutdown.js';
import { storeLine, tellStore } from './tokens/store-line.js';

// A worker of a cluster has the arguments of the process that forked it, such as those of PM2.
const [command, file] = cluster.isWorker ? [] : process.argv.slice(2);
const env = file === undefined ? process.env : { ...process.env, GATEWAY_CONFIG: file };

async function serve(): Promise<void> {
  const output = await standardOutput();
  const log = openLog(logLevelOf(env.LOG_LEVEL ?? '') ?? DEFAULT_LOG_LEVEL, output);
  const end = (code: number): void => {
    process.exitCode = code;
    void output.flush().then(() => process.exit(code));
  };
  logProcessEvents(log, end);
  Logger.overrideLogger(new NestLog(log));
  await start(log, output).catch((error: unknown) => {
    log.fatal(`The gateway cannot start.\n${withoutCredentials(explain(error))}`);
    end(1);
  });
}

async function start(log: Log, output: LogStream): Promise<void> {
  const hangup = new Hangup();
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
  hangup.serve(() => reload(app.get(Reload)));
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
function reload(target: Reload): void {
  const logger = new Logger('Reload');
  try {
    const next = loadConfig(env, process.cwd());
    const fixed = target.take(next);
    logger.log(`The changed configuration is in use. Integrations: ${[...next.integrations.keys()].join(', ')}`);
    if (fixed.length > 0) logger.warn(`Not in use before a restart (pm2 reload gateway): ${fixed.join(', ')}`);
  } catch (error) {
    logger.error(`The changed configuration is wrong, and the former one stays in use.\n${explain(error)}`);
  }
}

/** `main.js check-config [FILE]` says what is wrong with a configuration, without a start. */
async function check(): Promise<void> {
  const config = await checkConfig(env, process.cwd());
  const names = [...config.integrations.keys()].join(', ');
  process.stdout.write(`The configuration is valid. Integrations: ${names}. ${storeLine(config)}.\n`);
}

/** `main.js make-key` prints a key for a caller and its hash. */
function printKey(): void {
  const { key, sha256 } = makeKey();
  process.stdout.write(`key: ${key}\nsha256: ${sha256}\n`);
  process.stderr.write(
    'Give the key to its caller alone; the hash goes into access.apiKeys. The key is kept nowhere.\n',
  );
}

async function main(): Promise<void> {
  if (command === undefined) return serve();
  if (command === 'check-config') return check();
  if (command === 'make-key') return printKey();
  const problem = 'is not a command; there are check-config and make-key, and none to serve';
  throw new ConfigError([{ path: command, problem }]);
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (error instanceof ConfigError) return explainConfig(error, env.GATEWAY_CONFIG ?? '', configText());
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `PORT: ${port} is already in use; choose another (PORT, listen.port or operations.port), or stop the process that listens on it`;
  return error.stack ?? error.message;
}

/** For the numbers of its lines. */
function configText(): string | undefined {
  try {
    return readConfigFile(env.GATEWAY_CONFIG ?? '');
  } catch {
    return undefined;
  }
}
