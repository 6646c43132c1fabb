const library = require('../../libs/token-cache/src/index.ts');
const { SCHEDULE_SEED, SCHEDULES } = require('../../apps/simulation/src/schedules.ts');
const { simulate } = require('../../apps/simulation/src/simulate.ts');

const SEEDS = 40;
/** For what hangs. */
const MOST_MS = 120_000;

describe('The fleet of the simulation keeps every promise', () => {
  it.each(SCHEDULES.map((script) => [script.name, script]))('when %s', async (_, script) => {
    expect((await simulate(SCHEDULE_SEED, library, { script })).breach).toBeUndefined();
  });

  it(
    'whatever strikes it',
    async () => {
      for (let seed = 1; seed <= SEEDS; seed++) expect((await simulate(seed, library)).breach).toBeUndefined();
    },
    MOST_MS,
  );
});
