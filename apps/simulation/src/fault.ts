import { type Chance } from './chance.js';
import { type Process } from './process.js';
import { type StruckWorld } from './struck-world.js';
import { type Trouble, type Weather } from './weather.js';

/** Something that happens again and again while a run is in trouble. */
export interface Fault extends Trouble {
  /** Mean time between two strikes. */
  readonly everyMs: number;
  /** What is so from the beginning. */
  shape?(weather: Weather, chance: Chance): Weather;
  strike(world: StruckWorld, chance: Chance): void;
}

/** Rather one that holds a lease: that is where it hurts. */
export function aProcess(world: StruckWorld, chance: Chance): Process | undefined {
  const serving = world.processes.filter(({ serves }) => serves);
  const holders = serving.filter(({ name }) => world.holders.has(name));
  return chance.pick(holders.length > 0 && chance.happens(0.6) ? holders : serving);
}
