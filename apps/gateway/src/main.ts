import cluster from 'node:cluster';
import { Hangup } from './reload/hangup.js';

// A worker of a cluster has the arguments of the process that forked it, such as those of PM2.
const [command, file] = cluster.isWorker ? [] : process.argv.slice(2);
const env = file === undefined ? process.env : { ...process.env, GATEWAY_CONFIG: file };

/** Loads what it needs on demand: a SIGHUP that comes before `Hangup` listens ends the process. */
async function main(): Promise<void> {
  if (command !== undefined) return (await import('./command.js')).runCommand(command, env);
  const hangup = new Hangup();
  const { serve } = await import('./serve.js');
  await serve(env, hangup);
}

main().catch(async (error: unknown) => {
  const { explain } = await import('./explain.js');
  process.stderr.write(`${explain(error, env)}\n`);
  process.exit(1);
});
