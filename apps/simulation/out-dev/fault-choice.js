import { FAULTS } from './faults.js';
import { named } from './named.js';
import { WEATHER_FAULTS } from './weather-faults.js';
/** What the seeds choose from. */
const MIXTURES = { usual: FAULTS, weather: WEATHER_FAULTS, all: [...FAULTS, ...WEATHER_FAULTS] };
/** Two runs in ten are calm, five have one kind of fault, three a mixture. */
export function chooseFaults(chance, { only, mixture = 'usual' }) {
    if (only)
        return only.map((name) => named(MIXTURES.all, name, 'fault'));
    const mixtures = Object.entries(MIXTURES).map(([name, faults]) => ({ name, faults }));
    const { faults } = named(mixtures, mixture, 'mixture');
    const kind = chance.random();
    if (kind < 0.2)
        return [];
    return chance.sample(faults, kind < 0.7 ? 1 : chance.whole(2, 5));
}
//# sourceMappingURL=fault-choice.js.map