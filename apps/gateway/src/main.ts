import cluster from 'node:cluster';
import { makeKey } from './access/make-key.js';
import { ConfigError } from './config/config.error.js';
import { explain } from './explain.js';

// A worker of a cluster has the arguments of the process that forked it, such as those of PM2.
const [command, file] = cluster.isWorker ? [] : process.argv.slice(2);
const env = file === undefined ? process.env : { ...process.env, GATEWAY_CONFIG: file };

/** `main.js check-config [FILE]` says what is wrong with a configuration, without a start. */
async function check(): Promise<void> {
  const { checkConfig } = await import('./check-config.js');
  const { storeLine } = await import('./tokens/store-line.js');
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
  // Each loads what it needs: Nest alone takes a second.
  if (command === undefined) return (await import('./serve.js')).serve(env);
  if (command === 'check-config') return check();
  if (command === 'make-key') return printKey();
  const problem = 'is not a command; there are check-config and make-key, and none to serve';
  throw new ConfigError([{ path: command, problem }]);
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error, env)}\n`);
  process.exit(1);
});
