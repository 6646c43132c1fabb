import { type Chance } from './chance.js';
import { type Process } from './process.js';
import { type Weather } from './weather.js';
import { type World } from './world.js';
/** Which part of the world a fault breaks; promises are judged as strictly as the other parts allow. */
export type Disturbance = 'processes' | 'network' | 'events' | 'server' | 'failures' | 'lives' | 'callers' | 'clocks' | 'stalls' | 'memory' | 'shard' | 'upstream';
/** Something that happens again and again while a run is in trouble. */
export interface Fault {
    readonly name: string;
    readonly disturbs: Disturbance | readonly Disturbance[];
    /** Mean time between two strikes. */
    readonly everyMs: number;
    /** What is so from the beginning. */
    shape?(weather: Weather, chance: Chance): Weather;
    strike(world: World, chance: Chance): void;
}
/** Rather one that holds a lease: that is where it hurts. */
export declare function aProcess(world: World, chance: Chance): Process | undefined;
