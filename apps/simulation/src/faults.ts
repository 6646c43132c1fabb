import { type Chance } from './chance.js';
import { aProcess, type Fault } from './fault.js';
import { type Failure } from './identity-provider.js';
import { UPSTREAM_FAULTS } from './upstream-faults.js';
import { type LinkConditions } from './link.js';
import { type Process } from './process.js';
import { type StruckWorld } from './struck-world.js';

export const CLOCK_STEPS = 'wall clocks step';

const SOURCE_FAILURES: readonly (readonly Failure[])[] = [
  ['unavailable'],
  ['rejected'],
  ['odd'],
  ['unavailable', 'rejected', 'odd'],
];
const ODD_LIVES: readonly unknown[] = [
  undefined,
  0,
  -5,
  NaN,
  '3600',
  3.6e12,
  Infinity,
  1,
  50,
  1_000,
  1_500.5,
  5_000,
  null,
];

export const FAULTS: readonly Fault[] = [
  {
    name: 'a process is killed',
    disturbs: 'processes',
    everyMs: 5_000,
    strike(world, chance) {
      const victim = aProcess(world, chance);
      if (!victim) return;
      world.kill(victim);
      world.later(chance.pick([10, 500, 8_000]), () => world.start());
    },
  },
  {
    name: 'a process is paused',
    disturbs: 'processes',
    everyMs: 6_000,
    strike(world, chance) {
      const victim = aProcess(world, chance);
      if (!victim || victim.host.isPaused) return;
      const { leaseMs } = world.weather.policy;
      world.pause(victim);
      const timersFirst = chance.happens(0.5);
      world.later(chance.pick([50, leaseMs * 1.2, leaseMs * 3, 12_000]), () => world.resume(victim, timersFirst));
    },
  },
  {
    name: 'a process is replaced',
    disturbs: 'callers',
    everyMs: 8_000,
    strike(world, chance) {
      const victim = aProcess(world, chance);
      if (!victim) return;
      world.shutDown(victim);
      world.later(chance.pick([0, 200]), () => world.start());
    },
  },
  {
    name: 'messages are slow',
    disturbs: 'network',
    everyMs: 8_000,
    strike: (world, chance) => disturb(world, chance, { delayMs: chance.pick([20, 100, 600, 3_000]) }),
  },
  {
    name: 'messages are lost',
    disturbs: 'network',
    everyMs: 8_000,
    strike(world, chance) {
      const [loseRequests, loseReplies] = chance.pick([
        [0.3, 0.3],
        [0.5, 0],
        [0, 0.5],
      ] as const);
      disturb(world, chance, { loseRequests, loseReplies });
    },
  },
  {
    name: 'calls arrive twice',
    disturbs: 'network',
    everyMs: 8_000,
    strike: (world, chance) => disturb(world, chance, { duplicate: 0.5 }),
  },
  {
    name: 'processes are cut off',
    disturbs: 'network',
    everyMs: 10_000,
    strike(world, chance) {
      const [loseRequests, loseReplies] = chance.pick([
        [1, 1],
        [1, 0],
        [0, 1],
      ] as const);
      const isSilent = chance.happens(0.5);
      for (const process of disturb(world, chance, { loseRequests, loseReplies })) {
        if (isSilent) process.channel?.deafen(chance.between(1_000, 10_000));
        else process.channel?.break();
      }
    },
  },
  {
    name: 'an event channel breaks',
    disturbs: 'events',
    everyMs: 4_000,
    strike: (world, chance) => aProcess(world, chance)?.channel?.break(chance.pick([0, 500, 5_000])),
  },
  {
    name: 'an event channel is deaf',
    disturbs: 'events',
    everyMs: 5_000,
    strike: (world, chance) => aProcess(world, chance)?.channel?.deafen(chance.between(500, 10_000)),
  },
  {
    name: 'events are late',
    disturbs: 'events',
    everyMs: 8_000,
    strike(world, chance) {
      const lateMs = chance.pick([20, 400, 2_000]);
      for (const { channel } of world.processes) if (channel) channel.extraDelayMs = lateMs;
    },
  },
  {
    name: 'the store restarts with its data',
    disturbs: 'server',
    everyMs: 15_000,
    strike: (world, chance) => outage(world, chance, () => {}),
  },
  {
    name: 'the store restarts empty',
    disturbs: 'server',
    everyMs: 20_000,
    strike: (world, chance) => outage(world, chance, () => world.server.loseEverything()),
  },
  {
    name: 'the store fails over and loses the last writes',
    disturbs: 'server',
    everyMs: 12_000,
    strike(world, chance) {
      const lostMs = chance.pick([1, 20, 300, 3_000]);
      outage(world, chance, () => world.server.failOver(lostMs));
    },
  },
  {
    name: 'the store is slow',
    disturbs: 'server',
    everyMs: 10_000,
    strike(world, chance) {
      world.server.slownessMs = chance.pick([30, 90, 400, 1_500]);
      world.later(chance.between(500, 8_000), () => (world.server.slownessMs = 0));
    },
  },
  {
    name: 'the store is paused',
    disturbs: 'server',
    everyMs: 10_000,
    strike(world, chance) {
      const { host } = world.server;
      if (host.isPaused) return;
      world.say('store', 'is paused');
      host.isPaused = true;
      world.later(chance.pick([80, 600, 4_000]), () => world.resumeServer());
    },
  },
  {
    name: "the store's clock steps",
    disturbs: 'server',
    everyMs: 20_000,
    strike: (world, chance) => world.server.stepClock(chance.pick([-5_000, -200, 200, 5_000])),
  },
  {
    name: CLOCK_STEPS,
    disturbs: 'clocks',
    everyMs: 4_000,
    strike(world, chance) {
      const process = aProcess(world, chance);
      const byMs = chance.between(-300_000, 300_000);
      if (process) process.host.wallOffsetMs += byMs;
      if (byMs > 0) process?.setAheadAt.push(world.time.now);
    },
  },
  {
    name: 'the source is slow',
    disturbs: 'failures',
    everyMs: 8_000,
    strike({ idp: { mood }, weather: { policy } }, chance) {
      mood.slownessMs = chance.pick([policy.leaseMs * 2, policy.mintTimeoutMs * 0.9, policy.mintTimeoutMs * 1.5, 20]);
    },
  },
  {
    name: 'the source fails',
    disturbs: 'failures',
    everyMs: 8_000,
    strike({ idp: { mood } }, chance) {
      mood.failures = chance.pick(SOURCE_FAILURES);
      mood.failureRate = chance.pick([0, 0.3, 1, 1]);
    },
  },
  {
    name: 'the source throttles',
    disturbs: 'failures',
    everyMs: 8_000,
    strike({ idp: { mood } }, chance) {
      mood.failures = ['throttled'];
      mood.failureRate = chance.pick([0, 0.5, 1]);
    },
  },
  {
    name: 'answers of the source are lost',
    disturbs: 'failures',
    everyMs: 10_000,
    strike: ({ idp: { mood } }, chance) => (mood.loseReplies = chance.pick([0, 0.5])),
  },
  {
    name: 'the source says odd things of the life of its tokens',
    disturbs: 'lives',
    everyMs: 6_000,
    strike: ({ idp: { mood } }, chance) => (mood.expiresInMs = chance.pick(ODD_LIVES)),
  },
  {
    name: 'tokens are revoked',
    disturbs: 'callers',
    everyMs: 3_000,
    strike(world, chance) {
      const tokens = [...world.idp.tokens.values()].filter(({ isRevoked }) => !isRevoked);
      const token = tokens[tokens.length - chance.whole(1, Math.min(3, tokens.length))];
      if (!token) return;
      token.isRevoked = true;
      world.say('idp', `revokes ${token.accessToken}`, token);
    },
  },
  ...UPSTREAM_FAULTS,
  {
    name: 'tokens are purged',
    disturbs: 'callers',
    everyMs: 5_000,
    strike(world, chance) {
      const process = aProcess(world, chance);
      if (process) world.purge(process, chance.pick(world.requests));
    },
  },
  {
    name: 'all tokens of an integration are purged',
    disturbs: 'callers',
    everyMs: 5_000,
    strike(world, chance) {
      const process = aProcess(world, chance);
      if (process) world.purgeAll(process, chance.pick(world.requests).integration);
    },
  },
  {
    name: 'a token is purged as soon as it is shared',
    disturbs: 'callers',
    everyMs: 3_000,
    strike(world, chance) {
      const request = chance.pick(world.requests);
      const process = aProcess(world, chance);
      if (!process) return;
      world.purge(process, request);
      // All wait for one mint, and are told of its token while the next purge is under way.
      world.later(5, () => world.askAll(request));
      world.traps.set(request.label, () => world.later(chance.between(0, 6), () => world.purge(process, request)));
    },
  },
  {
    name: 'callers leave',
    disturbs: 'callers',
    everyMs: 300,
    strike(world, chance) {
      const process = aProcess(world, chance);
      if (process) world.ask(process, chance.pick(world.requests), { leavesAfterMs: chance.pick([0, 1, 5, 60, 900]) });
    },
  },
];

/** Changes the conditions of some links, or of all, for a while. */
function disturb(world: StruckWorld, chance: Chance, conditions: Partial<LinkConditions>): readonly Process[] {
  const { processes } = world;
  const some = chance.happens(0.3) ? processes : chance.sample(processes, chance.whole(1, processes.length));
  world.say('network', `${some.map(({ name }) => name).join(' ')}: ${JSON.stringify(conditions)}`);
  for (const { link } of some) link.conditions = { ...link.conditions, ...conditions };
  world.later(chance.between(300, 9_000), () => world.calmLinks(some));
  return some;
}

/** The store cannot be talked to for a while. */
export function outage(world: StruckWorld, chance: Chance, meanwhile: () => void, forMs?: number): void {
  const { server } = world;
  if (server.state !== 'up') return;
  server.state = chance.pick(['refusing', 'silent']);
  world.say('store', `is ${server.state}`);
  for (const { channel } of world.processes) {
    if (server.state === 'refusing') channel?.break();
    else channel?.deafen(chance.between(500, 10_000));
  }
  meanwhile();
  world.later(forMs ?? chance.pick([20, 400, 3_000, 12_000]), () => world.bringServerUp());
}
