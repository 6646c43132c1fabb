import { Logger } from '@nestjs/common';
import { Chance } from './chance.js';
import { CrashWatch } from './crash-watch.js';
import { type Fault } from './fault.js';
import { type FaultChoice } from './fault-choice.js';
import { type Forecast, forecastOf } from './forecast.js';
import { type Entry } from './history.js';
import { type Told } from './caller-judge.js';
import { type Library } from './library.js';
import { type Breach } from './verdict.js';
import { World } from './world.js';

/** Longer than any cool-down, breaker or wait that the trouble may leave behind. */
const SETTLE_MS = 45_000;
const LAST_CALLERS_MS = 16_000;
const WIND_DOWN_MS = 12_000;
/** The fleet is looked at once in the time in which each of its processes has so many callers. */
const LOOK_EVERY = 4;
/** No run needs more; a mutant may. */
const MOST_EVENTS = 400_000;
/** Store calls of one process in one second: beyond this it is in a loop. */
const MOST_CALLS_PER_SECOND = 400;

/** What became of one run. */
export interface Outcome {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly breach?: Breach;
  /** A mistake of the program under test, which may be the cause of the breach. */
  readonly crash?: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly processes: number;
  readonly mints: number;
  readonly bound: number;
  readonly answers: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Empty unless it was asked for. */
  readonly history: readonly Entry[];
}

/** A run written by hand, instead of chance. */
export interface Script {
  readonly weather: Partial<Forecast>;
  play(world: World): void;
  /** What is wrong at the end, if anything. */
  check(world: World): string | undefined;
}

export interface RunOptions extends FaultChoice {
  readonly script?: Script | undefined;
  /** Collects the history: for one run, not for a campaign. */
  readonly isTold?: boolean;
  /** Looks at every promise for mistakes of the program: as slow as that. */
  readonly watchesCrashes?: boolean;
}

/** Lets a fleet live through the run of that seed, up to the first promise that breaks. */
export async function simulate(
  seed: number,
  library: Library,
  { script, isTold = false, watchesCrashes = false, ...choice }: RunOptions = {},
): Promise<Outcome> {
  const chance = new Chance(seed);
  const weather: Forecast = { ...forecastOf(chance, script ? { only: [] } : choice), ...script?.weather };
  const world = new World(weather, library, chance.fork(), isTold);
  const crashes = watchesCrashes ? new CrashWatch() : undefined;
  const uninstall = world.time.install();
  const stopListening = listenForAccidents(world);
  try {
    await world.learnKeys();
    for (let count = 0; count < weather.processes; count++) world.start();
    if (script) script.play(world);
    else beginTraffic(world, chance.fork());
    for (const fault of weather.faults) beginFault(world, fault, chance.fork());
    if (!script) beginLooks(world, chance.fork());
    await live(world, crashes);
  } finally {
    crashes?.close();
    stopListening();
    uninstall();
  }
  const problem = script?.check(world);
  world.verdict.expect(problem === undefined, 'a schedule ends as it must', () => String(problem));
  return outcomeOf(seed, world, crashes?.crash);
}

async function live(world: World, crashes?: CrashWatch): Promise<void> {
  const { time, verdict, weather } = world;
  const over = (): boolean => {
    crashes?.look();
    verdict.expect(time.events < MOST_EVENTS, 'nothing runs in a hot loop', () => `${time.events} events`);
    return verdict.breach !== undefined;
  };
  watchForLoops(world);
  await time.run(weather.troubleMs, over);
  if (!over()) world.heal();
  await time.run(weather.troubleMs + SETTLE_MS, over);
  if (!over()) askEverybody(world);
  await time.run(time.now + LAST_CALLERS_MS, over);
  if (over()) return;
  for (const process of [...world.processes]) world.shutDown(process);
  await time.run(time.now + WIND_DOWN_MS, over);
  if (over()) return;
  for (const { isClosed, host, isClosing, name } of world.everyone) {
    const hangs = isClosing && !isClosed && !host.isDead;
    verdict.expect(!hangs, 'a shutdown ends in time and leaves nothing behind', () => `${name} never ends`);
  }
  world.mints.closing();
}

/** Callers come to every process, now one by one and now all at once. */
function beginTraffic(world: World, chance: Chance): void {
  const { time, weather, requests } = world;
  const next = (): void => {
    if (time.now > weather.troubleMs + SETTLE_MS) return;
    const meanMs = weather.callEveryMs / Math.max(1, world.processes.length);
    time.after(chance.exponential(meanMs), time.world, () => {
      next();
      const request = chance.pick(requests);
      if (!chance.happens(0.08)) return world.processes.length > 0 && world.ask(chance.pick(world.processes), request);
      for (const process of world.processes) for (let count = 0; count < 3; count++) world.ask(process, request);
    });
  };
  next();
}

/** Now and then somebody looks at what a process knows. */
function beginLooks(world: World, chance: Chance): void {
  const { time, weather } = world;
  time.after(chance.exponential(LOOK_EVERY * weather.callEveryMs), time.world, () => {
    if (time.now > weather.troubleMs + SETTLE_MS) return;
    if (world.processes.length > 0) {
      world.look(chance.pick(world.processes), chance.pick(world.requests), chance.pick(['peek', 'status']));
    }
    beginLooks(world, chance);
  });
}

function beginFault(world: World, fault: Fault, chance: Chance): void {
  world.later(chance.exponential(fault.everyMs), () => {
    fault.strike(world, chance);
    beginFault(world, fault, chance);
  });
}

/** After everything healed, every process must serve every request. */
function askEverybody(world: World): void {
  for (const process of world.processes)
    for (const request of world.requests) world.ask(process, request, { isLast: true });
}

function watchForLoops(world: World): void {
  const seen = new Map<object, number>();
  const look = (): void => {
    for (const { link, name } of world.processes) {
      const calls = link.calls - (seen.get(link) ?? 0);
      seen.set(link, link.calls);
      world.verdict.expect(calls <= MOST_CALLS_PER_SECOND, 'nothing runs in a hot loop', () => {
        return `${name} called the store ${calls} times in a second`;
      });
    }
    world.time.after(1_000, world.time.world, look);
  };
  look();
}

function listenForAccidents({ verdict }: World): () => void {
  const onUnhandled = (error: unknown): void => {
    verdict.expect(false, 'no rejection goes unhandled', () => String(error));
  };
  const note = (message: unknown): void => verdict.expect(false, 'nothing unexpected is logged', () => String(message));
  Logger.overrideLogger({ log: note, warn: note, error: note });
  process.on('unhandledRejection', onUnhandled);
  return () => {
    process.off('unhandledRejection', onUnhandled);
    Logger.overrideLogger(['log', 'warn', 'error']);
  };
}

function outcomeOf(seed: number, world: World, crash?: string): Outcome {
  const { time, verdict, weather, callers, mints, everyone, history } = world;
  return {
    seed,
    faults: weather.faults.map(({ name }) => name),
    ...(verdict.breach && { breach: verdict.breach }),
    ...(crash !== undefined && { crash }),
    simulatedMs: time.now,
    events: time.events,
    processes: everyone.length,
    ...mints.reckon(),
    ...heardBy(callers.told),
    history: history.entries,
  };
}

function heardBy(told: readonly Told[]): Pick<Outcome, 'answers' | 'errors'> {
  const errors: Record<string, number> = {};
  for (const { what } of told) if (what.startsWith('TOKEN_')) errors[what] = (errors[what] ?? 0) + 1;
  const refused = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return { answers: told.length - refused, errors };
}
