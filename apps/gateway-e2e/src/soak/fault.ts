import { type FaultProxy, type ProcessFaults } from '@mintonce/test-support';
import { type Redis } from 'ioredis';
import { type Fleet } from '../fleet.js';
import { type Chance } from '@mintonce/test-support/chance';
import { type Expenses } from './expenses.js';

/** What faults are done to. */
export interface Rig {
  readonly fleet: Fleet;
  /** Between the gateway and Redis, if there is one. */
  readonly toRedis?: FaultProxy;
  /** Between the gateway and its upstream. */
  readonly toUpstream: FaultProxy;
  /** What befalls one worker alone. */
  readonly processFaults: ProcessFaults;
  readonly expenses: Expenses;
  /** A connection to Redis that no fault of ours touches, for as long as the work takes. */
  redis<T>(work: (client: Redis) => Promise<T>): Promise<T>;
  /** The processes of the workers. */
  workers(): Promise<number[]>;
}

/** One thing that happens to the fleet. */
export interface Fault {
  readonly name: string;
  /** The stores that it is a fault of. @defaultValue all */
  readonly store?: 'redis';
  /** What callers may hear while it lasts and heals. @defaultValue nothing: the gateway has to hide it */
  readonly excuses?: readonly Excuse[];
  /** How long after its end callers may still hear of it. */
  readonly healingMs?: number;
  /** Workers begin anew, and with them what is measured of them. */
  readonly endsWorkers?: boolean;
  /** Resolves at the end of the fault. */
  inject(rig: Rig, chance: Chance): Promise<void>;
}

export interface Excuse {
  readonly cause: string;
  /** The kinds of requests that may hear it. @defaultValue all */
  readonly kinds?: readonly string[];
}
