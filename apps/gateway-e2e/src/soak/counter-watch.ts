import { type Sample } from '../metrics.js';

export interface WentBack {
  readonly series: string;
  readonly from: number;
  /** Undefined when the series was gone. */
  readonly to?: number;
}

const CUMULATIVE = new Set(['counter', 'histogram']);

/** Sees to it that no counter goes back or vanishes from one scrape to the next, whichever workers end in between. */
export class CounterWatch {
  readonly wentBack: WentBack[] = [];
  scrapes = 0;
  private last = new Map<string, number>();

  see(samples: readonly Sample[]): void {
    const current = new Map(
      samples.filter(({ type }) => CUMULATIVE.has(type)).map((sample) => [seriesOf(sample), sample.value]),
    );
    for (const [series, from] of this.last) {
      const to = current.get(series);
      if (to === undefined) this.wentBack.push({ series, from });
      else if (to < from) this.wentBack.push({ series, from, to });
    }
    this.last = current;
    this.scrapes++;
  }

  get series(): number {
    return this.last.size;
  }
}

function seriesOf({ name, labels }: Sample): string {
  return `${name}${JSON.stringify(Object.entries(labels).sort())}`;
}
