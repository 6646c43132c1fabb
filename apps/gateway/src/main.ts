import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { ConfigError } from './config/config.error.js';
import { loadConfig } from './config/load-config.js';
import { createGateway } from './gateway.js';
import { shutDownGracefully } from './shutdown/graceful-shutdown.js';

// PM2 hides unhandled rejections. A worker in an unknown state must end, and PM2 then restarts it.
process.on('unhandledRejection', (error) => {
  new Logger('Gateway').fatal(error);
  process.exit(1);
});

async function main(): Promise<void> {
  const config = loadConfig(process.env, process.cwd());
  const app = await createGateway(config);
  shutDownGracefully(app, config.drainTimeoutMs);
  await app.listen(config.port, config.host);
  process.send?.('ready');
}

main().catch((error: unknown) => {
  process.stderr.write(`The gateway cannot start.\n${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return 'PORT: is already in use; set another PORT, or stop the process that listens on it';
  return error.stack ?? error.message;
}
