// What the page has seen of the counters. It outlives a reload of the page, not the tab.
const KEY = 'mintonce history';
const KEPT_MS = 300_000;
const BIN_MS = 10_000;
const BINS = KEPT_MS / BIN_MS;
/** What comes after a gap longer than this begins anew. */
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
      // A full or forbidden storage costs what was seen, at the next load alone.
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

/**
 * The increments as the `d` of a path in a box of 100 by 28: a bar for each ten seconds. The right edge is now, the left one five
 * minutes ago.
 */
export function barsOf(increments) {
  const sums = new Map();
  for (const { at, by } of increments) sums.set(binOf(at), (sums.get(binOf(at)) ?? 0) + by);
  const now = binOf(increments.at(-1)?.at ?? 0);
  const top = Math.max(1, ...sums.values());
  const width = 100 / BINS;
  const bars = [...sums].filter(([bin, sum]) => sum > 0 && now - bin < BINS);
  return bars
    .map(([bin, sum]) => {
      const x = 100 - (now - bin + 1) * width;
      return `M${x.toFixed(2)},28V${(27 - (sum / top) * 26).toFixed(2)}h${(width * 0.8).toFixed(2)}V28z`;
    })
    .join('');
}

const binOf = (at) => Math.floor(at / BIN_MS);

function read(storage) {
  try {
    const samples = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(samples) ? samples : [];
  } catch {
    return [];
  }
}
