import { type NearCachePolicy, type TokenPolicy } from '@mintonce/token-cache';

/** Which part of the world a fault breaks; promises are judged as strictly as the other parts allow. */
export type Disturbance =
  | 'processes'
  | 'network'
  | 'commits'
  | 'events'
  | 'server'
  | 'failures'
  | 'lives'
  | 'callers'
  | 'clocks'
  | 'stalls'
  | 'memory'
  | 'shard'
  | 'upstream';

/** As much of a fault as its judges know. */
export interface Trouble {
  readonly name: string;
  readonly disturbs: Disturbance | readonly Disturbance[];
}

/** What a run is like: how many processes with which policy, and what befalls them. */
export interface Weather {
  readonly processes: number;
  readonly requests: number;
  readonly policy: TokenPolicy;
  readonly nearCache: Partial<NearCachePolicy> | false;
  readonly hasEvents: boolean;
  /** Of a store without events. */
  readonly hasVersion: boolean;
  readonly lifeMs: number;
  /** Mean of what a message to or from the store takes. */
  readonly delayMs: number;
  readonly mintMs: number;
  /** Mean time between two callers of one process. */
  readonly callEveryMs: number;
  readonly faults: readonly Trouble[];
  /** How long faults strike; then everything heals. */
  readonly troubleMs: number;
}

export function disturbs(weather: Weather, ...what: readonly Disturbance[]): boolean {
  return weather.faults.some((trouble) => [trouble.disturbs].flat().some((disturbed) => what.includes(disturbed)));
}
