import { DEFAULT_POLICY } from '@mintonce/token-cache';
import { type Chance } from './chance.js';
import { type Fault } from './fault.js';
import { chooseFaults, type FaultChoice } from './fault-choice.js';
import { type Weather } from './weather.js';

/** The weather of a run, with the faults that are to strike. */
export interface Forecast extends Weather {
  readonly faults: readonly Fault[];
}

export function forecastOf(chance: Chance, choice: FaultChoice = {}): Forecast {
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
    hasVersion: false,
    lifeMs: chance.pick([10_000, 30_000, 120_000]),
    mintMs: chance.pick([1, 20, 200, mintTimeoutMs / 2]),
    delayMs: chance.pick([0.5, 2]),
    callEveryMs: chance.pick([300, 1_500, 5_000]),
    faults,
    troubleMs: chance.pick([30_000, 60_000, 120_000]),
  };
  const shaped = faults.reduce((before, { shape }) => shape?.(before, chance) ?? before, weather);
  // Not drawn, which would change what every seed is known for.
  return { ...shaped, hasVersion: !shaped.hasEvents && shaped.requests % 2 === 0, faults };
}
