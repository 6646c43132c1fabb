import { DEFAULT_POLICY, type NearCachePolicy, type TokenPolicy } from '@mintonce/token-cache';
import { type Chance } from './chance.js';
import { type Disturbance, type Fault } from './fault.js';
import { chooseFaults, type FaultChoice } from './fault-choice.js';

/** What a run is like: how many processes with which policy, and what befalls them. */
export interface Weather {
  readonly processes: number;
  readonly requests: number;
  readonly policy: TokenPolicy;
  readonly nearCache: Partial<NearCachePolicy> | false;
  readonly hasEvents: boolean;
  readonly lifeMs: number;
  /** Mean of what a message to or from the store takes. */
  readonly delayMs: number;
  readonly mintMs: number;
  /** Mean time between two callers of one process. */
  readonly callEveryMs: number;
  readonly faults: readonly Fault[];
  /** How long faults strike; then everything heals. */
  readonly troubleMs: number;
}

export function weatherOf(chance: Chance, choice: FaultChoice = {}): Weather {
  const faults = chooseFaults(chance, choice);
  const mintTimeoutMs = chance.pick([1_000, 5_000, 10_000]);
  const leaseMs = chance.pick([300, 1_000, 3_000]);
  const weather: Weather = {
    processes: chance.whole(2, 6),
    requests: chance.whole(1, 4),
    policy: {
      ...DEFAULT_POLICY,
      mintTimeoutMs,
      leaseMs,
      waitTimeoutMs: mintTimeoutMs + leaseMs + chance.pick([0, 0, 2_000]),
      safetyMarginMs: chance.pick([0, 1_000, 30_000]),
      refreshWindowMs: chance.pick([0, 5_000, 300_000]),
      storeTimeoutMs: chance.pick([100, 500]),
      whenStoreUnavailable: chance.pick(['mint-locally', 'mint-locally', 'fail']),
      maxLifeMs: chance.pick([30_000, 86_400_000]),
      cooldown: { ...DEFAULT_POLICY.cooldown, rejectedMs: chance.pick([2_000, 30_000]) },
      rejection: { paceMs: chance.pick([500, 5_000]), maxPaceMs: chance.pick([5_000, 60_000]) },
    },
    nearCache: chance.pick([{ maxEntries: 100 }, { maxEntries: 100 }, false, { maxEntries: 100, maxAgeMs: 0 }]),
    hasEvents: chance.happens(0.85),
    lifeMs: chance.pick([10_000, 30_000, 120_000]),
    mintMs: chance.pick([1, 20, 200, mintTimeoutMs / 2]),
    delayMs: chance.pick([0.5, 2]),
    callEveryMs: chance.pick([300, 1_500, 5_000]),
    faults,
    troubleMs: chance.pick([30_000, 60_000, 120_000]),
  };
  return faults.reduce((shaped, { shape }) => shape?.(shaped, chance) ?? shaped, weather);
}

export function disturbs(weather: Weather, ...what: readonly Disturbance[]): boolean {
  return weather.faults.some((fault) => [fault.disturbs].flat().some((disturbed) => what.includes(disturbed)));
}
