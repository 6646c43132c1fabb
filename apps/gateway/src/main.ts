import 'reflect-metadata';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { checkConfig } from './check-config.js';
import { ConfigError } from './config/config.error.js';
import { explainConfig } from './config/line-of.js';
import { loadConfig, readConfigFile } from './config/load-config.js';
import { createGateway } from './gateway.js';
import { Hangup } from './reload/hangup.js';
import { Reload } from './reload/reload.js';
import { shutDownGracefully } from './shutdown/graceful-shutdown.js';
import { storeLine, tellStore } from './tokens/store-line.js';

// PM2 hides unhandled rejections. A worker in an unknown state must end, and PM2 then restarts it.
process.on('unhandledRejection', (error) => {
  new Logger('Gateway').fatal(error);
  process.exit(1);
});

const env = process.argv[3] === undefined ? process.env : { ...process.env, GATEWAY_CONFIG: process.argv[3] };

async function serve(): Promise<void> {
  const hangup = new Hangup();
  const config = loadConfig(env, process.cwd());
  const app = await createGateway(config);
  shutDownGracefully(app, config.drainTimeoutMs);
  await app.listen(config.port, config.host);
  tellStore(config);
  hangup.serve(() => reload(app.get(Reload)));
  process.send?.('ready');
}

/** A configuration that is wrong leaves the one that is in use. */
function reload(target: Reload): void {
  const logger = new ConsoleLogger('Reload', { logLevels: ['log', 'warn', 'error'] });
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

async function main(command: string | undefined): Promise<void> {
  if (command === undefined) return serve();
  if (command === 'check-config') return check();
  throw new ConfigError([{ path: command, problem: 'is not a command; there is check-config, and none to serve' }]);
}

main(process.argv[2]).catch((error: unknown) => {
  const title = process.argv[2] === undefined ? 'The gateway cannot start.\n' : '';
  process.stderr.write(`${title}${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (error instanceof ConfigError) return explainConfig(error, env.GATEWAY_CONFIG ?? '', configText());
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return 'PORT: is already in use; set another PORT, or stop the process that listens on it';
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
