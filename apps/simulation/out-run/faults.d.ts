import { type Chance } from './chance.js';
import { type Fault } from './fault.js';
import { type World } from './world.js';
export declare const FAULTS: readonly Fault[];
/** The store cannot be talked to for a while. */
export declare function outage(world: World, chance: Chance, meanwhile: () => void): void;
