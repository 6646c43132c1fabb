import { aProcess, type Fault } from './fault.js';
import { outage } from './faults.js';
import { type Failure } from './identity-provider.js';
import { type Process } from './process.js';
import { type ServerState } from './store-server.js';
import { type StruckWorld } from './struck-world.js';

/** How long a store waits for a subscriber that is silent, and how often a subscriber speaks. */
const GIVEN_UP_AFTER_MS = 10_000;
const HEARTBEAT_MS = 5_000;

export const SICKNESS = 'a process is sick';
export const DEAFNESS = 'a process does not hear the store in time';

/** What hosts, providers and upstreams do though nothing is broken, and what breaks for some only. */
export const WEATHER_FAULTS: readonly Fault[] = [
  {
    name: 'the provider repeats its token',
    disturbs: 'lives',
    everyMs: 6_000,
    strike: ({ idp: { mood } }, chance) => (mood.repeats = chance.pick(['remaining', 'whole'])),
  },
  {
    name: 'a process sleeps',
    disturbs: ['processes', 'clocks', 'events'],
    everyMs: 10_000,
    strike(world, chance) {
      const process = aProcess(world, chance);
      if (!process || process.host.isPaused) return;
      fallAsleep(world, process, chance.pick([2_000, 15_000, 40_000]));
    },
  },
  {
    name: 'the machine sleeps',
    disturbs: ['processes', 'clocks', 'server'],
    everyMs: 15_000,
    strike(world, chance) {
      const asleep = world.processes.filter(({ host }) => !host.isPaused);
      for (const process of asleep) world.suspend(process);
      const { host } = world.server;
      const storeSleeps = chance.happens(0.5) && !host.isPaused;
      if (storeSleeps) host.isPaused = true;
      world.later(chance.pick([2_000, 15_000, 40_000]), () => {
        if (storeSleeps) world.resumeServer();
        for (const process of asleep) world.resume(process);
      });
    },
  },
  {
    name: 'an event loop stalls',
    disturbs: 'stalls',
    everyMs: 4_000,
    strike(world, chance) {
      const process = aProcess(world, chance);
      if (!process || process.host.isPaused) return;
      const { leaseMs, storeTimeoutMs } = world.weather.policy;
      // What it has just asked for is under way when it stalls.
      for (const request of world.requests) world.ask(process, request);
      world.later(0.01, () => world.pause(process));
      // Shorter than what costs a lease: renewals are a third of it apart.
      const stallMs = Math.min(storeTimeoutMs * chance.between(0.5, 3), leaseMs * 0.55);
      world.later(stallMs, () => world.resume(process, true));
    },
  },
  {
    name: SICKNESS,
    disturbs: 'failures',
    everyMs: 12_000,
    strike(world, chance) {
      const { sick, everSick } = world.idp;
      // One and the same in a run: a second one that fails is a fleet that fails.
      const process = world.processes.find(({ name }) => everSick.has(name)) ?? aProcess(world, chance);
      if (!process || sick.size > 0) return;
      const failure = chance.pick<Failure>(['rejected', 'unreachable']);
      sick.set(process.name, failure);
      everSick.add(process.name);
      world.say(process.name, `is sick: its source answers ${failure}`);
      world.later(chance.pick([5_000, 30_000]), () => sick.delete(process.name));
    },
  },
  {
    name: DEAFNESS,
    disturbs: 'network',
    everyMs: 5_000,
    // Callers may wait for longer than they have to, so that it shows for how long they do.
    shape: (weather) => ({
      ...weather,
      policy: { ...weather.policy, waitTimeoutMs: 15_000 },
      mintMs: Math.min(weather.mintMs, 200),
    }),
    strike(world, chance) {
      // One and the same in a run, for longer than callers wait.
      const process = world.processes.find(({ link }) => link.everDeaf) ?? aProcess(world, chance);
      if (!process) return;
      const { storeTimeoutMs, waitTimeoutMs } = world.weather.policy;
      const deafness = chance.pick([{ loseReplies: 1 }, { answersLateMs: storeTimeoutMs * 1.5 }]);
      process.link.everDeaf = true;
      process.link.conditions = { ...process.link.conditions, ...deafness };
      world.say(process.name, `does not hear the store: ${JSON.stringify(deafness)}`);
      world.later(waitTimeoutMs * chance.pick([1.5, 3]), () => world.calmLinks([process]));
    },
  },
  {
    name: 'the store goes away and the near cache is small',
    disturbs: ['memory', 'server'],
    everyMs: 15_000,
    shape: (weather, chance) => ({
      ...weather,
      requests: 6,
      nearCache: weather.nearCache && { ...weather.nearCache, maxEntries: chance.whole(1, 3) },
    }),
    strike: (world, chance) => outage(world, chance, () => {}),
  },
  {
    name: 'the store comes back empty to a source that fails',
    disturbs: ['server', 'failures'],
    everyMs: 15_000,
    strike(world, chance) {
      const { idp, server, weather } = world;
      server.loseEverything();
      for (const { channel } of world.processes) channel?.break();
      const isSlow = chance.happens(0.4);
      if (isSlow) idp.mood.slownessMs = weather.policy.mintTimeoutMs * 0.9;
      else Object.assign(idp.mood, { failureRate: 1, failures: [chance.pick<Failure>(['throttled', 'unavailable'])] });
      if (chance.happens(0.5)) world.start();
      world.later(chance.between(2_000, 10_000), () => {
        Object.assign(idp.mood, { failureRate: 0, slownessMs: weather.mintMs });
      });
    },
  },
  {
    name: 'a shard is dead',
    disturbs: 'shard',
    everyMs: 12_000,
    strike(world, chance) {
      const { server, requests } = world;
      const dead = chance.sample(requests, Math.max(1, Math.floor(requests.length / 2)));
      const state = chance.pick<ServerState>(['refusing', 'silent']);
      for (const { label } of dead) server.breakKey(world.keyIds.get(label) as string, state);
      world.say('store', `is ${state} for ${dead.map(({ label }) => label).join(', ')}`);
      world.later(chance.pick([1_000, 5_000, 15_000]), () => {
        for (const { label } of dead) server.mendKey(world.keyIds.get(label) as string);
      });
    },
  },
];

/** The machine of one process sleeps for a while. */
export function fallAsleep(world: StruckWorld, process: Process, sleepMs: number): void {
  world.suspend(process);
  // Its peer gives the connection up, of which it hears when it speaks the next time.
  if (sleepMs >= GIVEN_UP_AFTER_MS) process.channel?.deafen(sleepMs + HEARTBEAT_MS);
  world.later(sleepMs, () => world.resume(process));
}
