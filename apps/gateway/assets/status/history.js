// What the page has seen of the counters. It outlives a reload of the page, not the tab.
const KEY = 'mintonce history';
const KEPT_MS = 300_000;
/** A gap longer than this is no curve. */
const GAP_MS = 30_000;
const COUNTS = ['hits', 'misses', 'mints'];

export class History {
  #storage;
  #samples;

  constructor(storage) {
    this.#storage = storage;
    this.#samples = read(storage);
  }

  add({ at, integrations }) {
    const counts = Object.fromEntries(integrations.map((one) => [one.name, COUNTS.map((name) => one[name])]));
    const last = this.#samples.at(-1);
    if (last && (at <= last.at || at - last.at > GAP_MS)) this.#samples = [];
    this.#samples = [...this.#samples.filter((sample) => sample.at > at - KEPT_MS), { at, counts }];
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#samples));
    } catch {
      // A full or forbidden storage costs the curve of the next load alone.
    }
  }

  /** Increments of a count from sample to sample, as `{ at, by }`. */
  of(integration, count) {
    const index = COUNTS.indexOf(count);
    const values = this.#samples.flatMap(({ at, counts }) => {
      const value = counts[integration]?.[index];
      return value === undefined ? [] : [{ at, value }];
    });
    return values.slice(1).map(({ at, value }, before) => ({ at, by: Math.max(0, value - values[before].value) }));
  }
}

/** The increments as the `d` of a path in a box of 100 by 28; the right edge is now, the left one five minutes ago. */
export function curveOf(increments) {
  const now = increments.at(-1)?.at;
  const top = Math.max(1, ...increments.map(({ by }) => by));
  const points = increments.map(({ at, by }) => {
    const x = 100 - ((now - at) / KEPT_MS) * 100;
    return `${x.toFixed(2)},${(27 - (by / top) * 25).toFixed(2)}`;
  });
  return points.length > 0 ? `M${points.join('L')}` : '';
}

function read(storage) {
  try {
    const samples = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(samples) ? samples : [];
  } catch {
    return [];
  }
}
