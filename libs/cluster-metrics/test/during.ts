import { setTimeout as delay } from 'node:timers/promises';

/** Between two rounds of a load: without it the load takes all the time of the processors from what happens. */
const PAUSE_MS = 5;

/** Repeats each load in a loop of its own until `happens` has finished; the first failure fails the whole. */
export async function during(happens: () => Promise<unknown>, ...loads: (() => Promise<unknown>)[]): Promise<void> {
  let isOver = false;
  const loops = loads.map(async (load) => {
    while (!isOver) {
      await load();
      await delay(PAUSE_MS);
    }
  });
  try {
    await Promise.race([happens(), Promise.all(loops)]);
  } finally {
    isOver = true;
    await Promise.allSettled(loops);
  }
  await Promise.all(loops);
}
