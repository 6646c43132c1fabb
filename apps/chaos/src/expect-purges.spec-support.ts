import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet } from './fleet.js';

/** Purges a key under load from each process twice, and expects one mint for each purge: none is voided that began after it. */
export async function expectOneMintForEachPurge(fleet: Fleet): Promise<void> {
  const trial = await fleet.trial();
  await trial.burst(2);
  await trial.load(5);
  for (const worker of [...fleet.workers, ...fleet.workers]) await trial.replaceByPurge(worker);
  await expectPromises(trial, {
    promises: [2, 3],
    fault: `${trial.purges} purges under load, of each process in turn`,
    mints: { atMost: 1 + trial.purges },
  });
}
