import { makeKey } from './access/make-key.js';
import { ConfigError } from './config/config.error.js';

/** Runs a command of `main.js`. */
export async function runCommand(command: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (command === 'check-config') return check(env);
  if (command === 'make-key') return printKey();
  const problem = 'is not a command; there are check-config and make-key, and none to serve';
  throw new ConfigError([{ path: command, problem }]);
}

/** `main.js check-config [FILE]` says what is wrong with a configuration, without a start. */
async function check(env: NodeJS.ProcessEnv): Promise<void> {
  // It takes as long to load as the server does, and the other command needs none of it.
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
