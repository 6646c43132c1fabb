import { type Chance } from './chance.js';
import { aProcess, type Fault } from './fault.js';
import { outage } from './faults.js';
import { type Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { type StruckWorld } from './struck-world.js';
import { fallAsleep } from './weather-faults.js';

/** Shorter than the life of most tokens, and too long for a connection. */
const SLEEP_MS = 15_000;
/** How many processes come up at once. */
const CROWD = 8;

interface Parted {
  /** The process that has a token which no other knows of. */
  readonly lonely: Process;
  readonly other: Process;
  readonly request: KnownRequest;
}

/** Cuts a process off in 100 ms, for good; it has no token by then, and mints one for itself. */
function cutOff(world: StruckWorld, chance: Chance): Parted | undefined {
  const request = chance.pick(world.requests);
  const lonely = aProcess(world, chance);
  const other = world.processes.find((process) => process.serves && process !== lonely);
  if (!lonely || !other) return undefined;
  world.purge(other, request);
  world.later(100, () => {
    world.say('network', `${lonely.name} is cut off`);
    Object.assign(lonely.link.conditions, { loseRequests: 1, loseReplies: 1 });
    lonely.channel?.break(3_000);
    world.ask(lonely, request);
  });
  return { lonely, other, request };
}

/** What does harm only at one moment, or in one order. */
export const TIMED_FAULTS: readonly Fault[] = [
  {
    name: 'the store is away at the end of a token',
    disturbs: 'server',
    everyMs: 8_000,
    strike(world, chance) {
      const { label } = chance.pick(world.requests);
      const current = world.server.truths.get(world.keyIds.get(label) ?? '')?.current;
      if (!current) return;
      const endsInMs = current.storedAt + current.ttlMs - world.time.now;
      const beforeMs = chance.pick([200, 1_000, current.refreshWindowMs + 500]);
      world.later(Math.max(0, endsInMs - beforeMs), () => outage(world, chance, () => {}, beforeMs + 2_000));
    },
  },
  {
    name: 'a process that is cut off misses a purge',
    disturbs: ['network', 'callers', 'lives'],
    everyMs: 10_000,
    strike(world, chance) {
      const { idp, weather } = world;
      const parted = cutOff(world, chance);
      if (!parted) return;
      const { lonely, other, request } = parted;
      world.later(2_500, () => world.purge(other, request));
      world.later(2_600, () => {
        idp.mood.expiresInMs = weather.lifeMs / 2;
        world.ask(other, request);
      });
      world.later(chance.between(3_000, 6_000), () => {
        idp.mood.expiresInMs = weather.lifeMs;
        world.calmLinks([lonely]);
      });
    },
  },
  {
    name: 'a process that is cut off misses a purge of all tokens',
    disturbs: ['network', 'server', 'callers'],
    everyMs: 10_000,
    strike(world, chance) {
      const parted = cutOff(world, chance);
      if (!parted) return;
      const { lonely, other, request } = parted;
      if (chance.happens(0.5)) world.later(2_000, () => world.server.loseEverything());
      world.later(2_500, () => world.purgeAll(other, request.integration));
      world.later(chance.between(3_000, 6_000), () => {
        world.calmLinks([lonely]);
        world.ask(lonely, request);
      });
    },
  },
  {
    name: 'a process sleeps through a purge',
    disturbs: ['processes', 'clocks', 'events', 'callers'],
    everyMs: 10_000,
    strike(world, chance) {
      const request = chance.pick(world.requests);
      const sleeper = aProcess(world, chance);
      const other = world.processes.find((process) => process !== sleeper && !process.host.isPaused);
      if (!sleeper || !other || sleeper.host.isPaused) return;
      world.ask(sleeper, request);
      world.later(1_000, () => !sleeper.host.isPaused && fallAsleep(world, sleeper, SLEEP_MS));
      world.later(2_000, () => world.purge(other, request));
      world.later(1_000 + SLEEP_MS + chance.between(100, 4_000), () => world.ask(sleeper, request));
    },
  },
  {
    name: 'many processes start at once',
    disturbs: ['stalls', 'callers'],
    everyMs: 20_000,
    strike(world, chance) {
      const { leaseMs, storeTimeoutMs } = world.weather.policy;
      const crowd = Array.from({ length: CROWD }, () => world.start());
      world.later(1, () => {
        for (const process of crowd) for (const request of world.requests) world.ask(process, request);
      });
      for (const process of crowd) {
        // What a process reads and compiles when it starts, with its first calls of the store under way.
        world.later(1.01, () => world.pause(process));
        const stallMs = Math.min(storeTimeoutMs * chance.between(0.5, 3), leaseMs * 0.55);
        world.later(1.01 + stallMs, () => world.resume(process, true));
      }
      world.later(10_000, () => {
        for (const process of crowd) world.shutDown(process);
      });
    },
  },
];
