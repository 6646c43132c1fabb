import { type Chance } from './chance.js';
import { type Fault } from './fault.js';
import { FAULTS } from './faults.js';
import { MINT_FAULTS } from './mint-faults.js';
import { named, UsageError } from './named.js';
import { TIMED_FAULTS } from './timed-faults.js';
import { WEATHER_FAULTS } from './weather-faults.js';

const WEATHER = [...WEATHER_FAULTS, ...MINT_FAULTS, ...TIMED_FAULTS];

/** What the seeds choose from. */
const MIXTURES = new Map<string, readonly Fault[]>([
  ['usual', FAULTS],
  ['weather', WEATHER],
  ['all', [...FAULTS, ...WEATHER]],
]);
export const DEFAULT_MIXTURE = 'all';

/** Which faults may befall a run. */
export interface FaultChoice {
  /** Exactly these, whatever the seed says. */
  readonly only?: readonly string[] | undefined;
  /** The name of what a seed chooses from, or the names of faults that strike in every run. @defaultValue `all` */
  readonly mixture?: string | undefined;
}

/** The faults of a mixture, or those whose names are given with commas between them. @throws UsageError */
export function faultsNamed(text: string = DEFAULT_MIXTURE): readonly Fault[] {
  return MIXTURES.get(text) ?? text.split(',').map((name) => faultNamed(name.trim()));
}

/** Of a mixture two runs in ten are calm, five have one kind of fault, three several. */
export function chooseFaults(chance: Chance, { only, mixture = DEFAULT_MIXTURE }: FaultChoice): readonly Fault[] {
  if (only) return only.map(faultNamed);
  const faults = faultsNamed(mixture);
  if (!MIXTURES.has(mixture)) return faults;
  const kind = chance.random();
  if (kind < 0.2) return [];
  return chance.sample(faults, kind < 0.7 ? 1 : chance.whole(2, 5));
}

function faultNamed(name: string): Fault {
  if (name === '') throw new UsageError('The name of a fault is empty: look at the commas');
  return named(faultsNamed('all'), name, 'fault');
}
