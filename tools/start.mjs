import { startDemo } from './start/demo.mjs';
import { startGateway } from './start/gateway.mjs';
import { acquireLock } from './start/lock.mjs';
import { checkNode } from './start/node-version.mjs';
import { checkPort } from './start/ports.mjs';
import { readSettings } from './start/settings.mjs';
import { StartError } from './start/start-error.mjs';
import { stopSignals } from './start/stop-signals.mjs';
import { whatToTry } from './start/what-to-try.mjs';

/** `npm start`: runs the gateway under PM2 in the foreground, with the demo, and ends every process at the end. */
async function main() {
  checkNode();
  const settings = readSettings(process.env);
  const stop = stopSignals();
  const lock = await acquireLock(settings);
  const children = [];
  try {
    await checkPort(settings);
    await Promise.race([stop.requested, run({ settings, lock, signal: stop.signal }, children)]);
    console.log('\nStopping.');
  } finally {
    stop.request();
    for (const child of children.toReversed()) await child.stop(stop.insisted);
    lock.release();
  }
}

/** Starts the children. It throws as soon as one of them ends, and does not return otherwise. */
async function run(context, children) {
  const demoEnv = context.settings.isDemo ? await started(await startDemo(context), children) : {};
  await started(startGateway(context, demoEnv), children);
  console.log(whatToTry(context.settings));
  await Promise.race(children.map((child) => child.failed));
}

async function started(child, children) {
  children.push(child);
  return await Promise.race([child.ready(), ...children.map(({ failed }) => failed)]);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error instanceof StartError ? `\n${error.message}` : error);
    process.exit(1);
  },
);
