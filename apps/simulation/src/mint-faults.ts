import { type Chance } from './chance.js';
import { type Fault } from './fault.js';
import { type Process } from './process.js';
import { type StruckWorld } from './struck-world.js';

const HOUR_MS = 3_600_000;
export const SET_BACK = 'the clock of the store is set back while a holder dies';

/** What strikes in the middle of a mint, where chance alone comes too seldom. */
export const MINT_FAULTS: readonly Fault[] = [
  {
    name: 'the store loses a mint under way',
    disturbs: 'server',
    everyMs: 8_000,
    strike: (world, chance) =>
      atNextMint(world, chance, () => {
        world.server.loseEverything();
        for (const { channel } of world.processes) channel?.break();
        if (world.server.state !== 'up' || chance.happens(0.5)) return;
        world.server.state = 'refusing';
        world.later(chance.pick([50, 600, 3_000]), () => world.bringServerUp());
      }),
  },
  {
    name: 'a holder freezes in the middle of a mint',
    disturbs: ['processes', 'failures'],
    everyMs: 8_000,
    strike: (world, chance) =>
      atNextMint(world, chance, (holder) => {
        if (holder.host.isPaused) return;
        const { sick } = world.idp;
        world.pause(holder);
        const others = chance.happens(0.5) ? world.processes.filter((process) => process !== holder) : [];
        for (const { name } of others) sick.set(name, 'throttled');
        world.later(world.weather.policy.leaseMs * chance.between(1.1, 4), () => {
          for (const { name } of others) sick.delete(name);
          world.resume(holder);
        });
      }),
  },
  {
    name: SET_BACK,
    disturbs: ['processes', 'server'],
    everyMs: 15_000,
    strike: (world, chance) =>
      atNextMint(world, chance, (holder) => {
        world.kill(holder);
        world.server.stepClock(-HOUR_MS);
        world.later(chance.pick([10, 5_000]), () => world.start());
      }),
  },
  {
    name: 'commits are reset',
    disturbs: 'commits',
    everyMs: 6_000,
    strike(world, chance) {
      const share = chance.pick([0.3, 1]);
      for (const { link } of world.processes) link.resetCommits = share;
      world.say('network', `resets ${share * 100} % of the connections that a commit or a failure is first sent on`);
    },
  },
];

/** Waits for a mint of a request, and sees to it that somebody needs one. */
function atNextMint(world: StruckWorld, chance: Chance, strike: (holder: Process) => void): void {
  const request = chance.pick(world.requests);
  world.mintTraps.set(request.label, (process) => {
    // Some way into the mint, so that the others have come to wait.
    world.later(chance.between(0.1, Math.max(0.2, world.weather.mintMs / 2)), () => strike(process));
  });
  world.askAll(request);
}
