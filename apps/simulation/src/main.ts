import { campaign } from './campaign.js';
import { type Flags, parseFlags, USAGE } from './flags.js';
import { builtLibrary, loadLibrary } from './library.js';
import { LibraryCopy } from './library-copy.js';
import { huntMutations } from './mutation-hunt.js';
import { MUTATIONS } from './mutations.js';
import { named, UsageError } from './named.js';
import { type PairedRuns, playPairs } from './pairs.js';
import { replay } from './replay.js';
import { replayCommand } from './replay-command.js';
import { reportOf, reportOfHunts, reportOfPair, reportOfPairs, reportOfRun, reportOfSchedules } from './report.js';
import { SCHEDULE_SEED, SCHEDULES } from './schedules.js';
import { simulate } from './simulate.js';

const flags = parseFlags();
const { library: directory = builtLibrary() } = flags;

try {
  await obey();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function obey(): Promise<void> {
  if (flags.help) console.log(USAGE);
  else if (flags.mutation !== undefined && flags.seed !== undefined) await replayMutant(flags.mutation);
  else if (flags.seed !== undefined || flags.schedule !== undefined) await replayOne(directory);
  else if (flags.pairs) await pair(flags);
  else if (flags.schedules) await playSchedules();
  else if (flags.mutations || flags.mutation !== undefined) await hunt(flags);
  else await explore(flags);
}

async function replayOne(build: string): Promise<void> {
  const run = await replay(await loadLibrary(build), flags);
  say(run, reportOfRun(run), run.breach !== undefined);
}

async function replayMutant(name: string): Promise<void> {
  const mutation = named(MUTATIONS, name, 'mutation');
  const copy = new LibraryCopy();
  try {
    await replayOne(copy.with(mutation));
  } finally {
    copy.remove();
  }
}

async function playSchedules(): Promise<void> {
  const library = await loadLibrary(directory);
  const played = [];
  for (const script of SCHEDULES) {
    const { name, origin } = script;
    const outcome = await simulate(SCHEDULE_SEED, library, { script });
    played.push({ name, origin, ...outcome, replay: replayCommand({ schedule: name, library: flags.library }) });
  }
  say(
    played,
    reportOfSchedules(played),
    played.some(({ breach }) => breach),
  );
}

async function pair({ faults, from = '1', seeds = '5', library }: Flags): Promise<void> {
  const options = { mixture: faults, from: Number(from), seeds: Number(seeds), library };
  const tell = (row: PairedRuns): void => {
    // It takes hours for all, and who watches wants to know how it goes.
    if (!flags.json && row.broken > 0) console.error(reportOfPair(row));
  };
  const rows = await playPairs(await loadLibrary(directory), options, tell);
  say(
    rows,
    reportOfPairs(rows),
    rows.some(({ broken }) => broken > 0),
  );
}

async function hunt({ mutation, seeds = '300' }: Flags): Promise<void> {
  const mutations = mutation === undefined ? MUTATIONS : [named(MUTATIONS, mutation, 'mutation')];
  const hunts = await huntMutations(mutations, Number(seeds));
  say(
    hunts,
    reportOfHunts(hunts),
    hunts.some(({ isFound }) => !isFound),
  );
}

async function explore({ library, from = '1', seeds = '1000', stop, fault, faults }: Flags): Promise<void> {
  const outcome = await campaign(await loadLibrary(directory), {
    library,
    from: Number(from),
    seeds: Number(seeds),
    stopAtFirst: stop,
    only: fault,
    mixture: faults,
  });
  say(outcome, reportOf(outcome), outcome.broken.length > 0);
}

function say(data: unknown, text: string, isBroken: boolean): void {
  process.stdout.write(`${flags.json ? JSON.stringify(data) : text}\n`);
  process.exitCode = isBroken ? 1 : 0;
}
