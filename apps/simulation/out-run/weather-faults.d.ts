import { type Fault } from './fault.js';
export declare const SICKNESS = "a process is sick";
/** What hosts, providers and upstreams do though nothing is broken, and what breaks for some only. */
export declare const WEATHER_FAULTS: readonly Fault[];
