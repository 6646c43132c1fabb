import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { makeKey } from './access/make-key.js';
import { listenOn, operationsServer } from './access/operations-door.js';
import { ConfigError } from './config/config.error.js';
import { type GatewayConfig, loadConfig } from './config/load-config.js';
import { isLoopback } from './config/loopback.js';
import { createGateway } from './gateway.js';
import { shutDownGracefully } from './shutdown/graceful-shutdown.js';

// PM2 hides unhandled rejections. A worker in an unknown state must end, and PM2 then restarts it.
process.on('unhandledRejection', (error) => {
  new Logger('Gateway').fatal(error);
  process.exit(1);
});

async function serve(): Promise<void> {
  const config = loadConfig(process.env, process.cwd());
  const app = await createGateway(config);
  const operations = operationsServer(app, config);
  shutDownGracefully(app, operations ? [operations] : [], config.drainTimeoutMs);
  await app.listen(config.port, config.host);
  if (operations) await listenOn(operations, config.operations!);
  warnOfClearKeys(config);
  process.send?.('ready');
}

/** Whoever can listen on the way to the door could take the keys of its callers. */
function warnOfClearKeys({ host, tls }: GatewayConfig): void {
  if (isLoopback(host) || tls) return;
  new Logger('Gateway').warn(
    `Listens on ${host} without TLS: set listen.tls, or let callers reach it through a proxy that ends TLS`,
  );
}

/** `main.js make-key` prints a key for a caller and its hash. */
function printKey(): void {
  const { key, sha256 } = makeKey();
  process.stdout.write(`key: ${key}\nsha256: ${sha256}\n`);
  process.stderr.write(
    'Give the key to its caller alone; the hash goes into access.apiKeys. The key is kept nowhere.\n',
  );
}

async function main(command: string | undefined): Promise<void> {
  if (command === undefined) return serve();
  if (command === 'make-key') return printKey();
  throw new ConfigError([{ path: command, problem: 'is not a command; there is make-key, and none to serve' }]);
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`The gateway cannot start.\n${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `PORT: ${port} is already in use; choose another (PORT, listen.port or operations.port), or stop the process that listens on it`;
  return error.stack ?? error.message;
}
