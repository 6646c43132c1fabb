import { register } from 'prom-client';
import { COUNTERS, type Counters } from '../counters.js';

/** The counters as a scrape of this process would show them, summed over their labels. */
export async function readCounters(): Promise<Counters> {
  const entries = COUNTERS.map(async (name) => {
    const metric = await register.getSingleMetric(name)?.get();
    return [name, (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Counters;
}
