import { parentPort } from 'node:worker_threads';
import { loadLibrary } from './library.js';
import { named } from './named.js';
import { type Played, type Run } from './player.js';
import { SCHEDULES } from './schedules.js';
import { simulate } from './simulate.js';

parentPort?.on('message', (run: Run) => void play(run).then((played) => parentPort?.postMessage(played)));

async function play({ library, seed, faults, schedule, watchesCrashes = false }: Run): Promise<Played> {
  const script = schedule === undefined ? undefined : named(SCHEDULES, schedule, 'schedule');
  const { breach, crash } = await simulate(seed, await loadLibrary(library), { script, only: faults, watchesCrashes });
  return { ...(breach && { breach }), ...(crash !== undefined && { crash }) };
}
