import { parseArgs } from 'node:util';
import { campaign } from './campaign.js';
import { builtLibrary, loadLibrary } from './library.js';
import { huntMutations } from './mutation-hunt.js';
import { reportOf, reportOfHunts, reportOfRun } from './report.js';
import { SCHEDULES } from './schedules.js';
import { simulate } from './simulate.js';

const USAGE = `Lets simulated fleets live through seeded faults and checks every promise.
  --seeds N       so many seeds (1000), --from N the first of them (1), --stop to end at the first broken promise
  --seed N        one seed, with its history
  --fault NAME    only this fault, whatever the seed says; may be repeated
  --schedules     the schedules that are known to break locks
  --mutations     defects put into the library on purpose: which seed finds each
  --library DIR   another build of the library
  --json          for programs`;

/** The seed of jitter and delays in schedules that leave nothing else to chance. */
const SCHEDULE_SEED = 1;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    stop: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true },
    schedules: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    library: { type: 'string', default: builtLibrary() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.seed !== undefined) await replay(Number(values.seed));
else if (values.schedules) await playSchedules();
else if (values.mutations) await hunt();
else await explore();

async function replay(seed: number): Promise<void> {
  const outcome = await simulate(seed, await loadLibrary(values.library), values.fault);
  say(outcome, reportOfRun(outcome), outcome.breach !== undefined);
}

async function playSchedules(): Promise<void> {
  const library = await loadLibrary(values.library);
  const played = [];
  for (const schedule of SCHEDULES) {
    const { history, ...outcome } = await simulate(SCHEDULE_SEED, library, [], schedule);
    const { name, origin } = schedule;
    played.push({ name, origin, ...outcome, ...(outcome.breach && { history }) });
  }
  const lines = played.map(({ name, breach, history }) =>
    breach ? `${history?.join('\n')}\nBROKEN ${name}: ${breach.invariant}: ${breach.detail}` : `held   ${name}`,
  );
  say(
    played,
    lines.join('\n'),
    played.some(({ breach }) => breach),
  );
}

async function hunt(): Promise<void> {
  const hunts = await huntMutations(Number(values.seeds ?? 300));
  say(
    hunts,
    reportOfHunts(hunts),
    hunts.some(({ seed }) => seed === undefined),
  );
}

async function explore(): Promise<void> {
  const outcome = await campaign(await loadLibrary(values.library), {
    from: Number(values.from),
    seeds: Number(values.seeds ?? 1_000),
    stopAtFirst: values.stop,
    ...(values.fault && { faults: values.fault }),
  });
  say(outcome, reportOf(outcome), outcome.broken.length > 0);
}

function say(data: unknown, text: string, isBroken: boolean): void {
  process.stdout.write(`${values.json ? JSON.stringify(data) : text}\n`);
  process.exitCode = isBroken ? 1 : 0;
}
