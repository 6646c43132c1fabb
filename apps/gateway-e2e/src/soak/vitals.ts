import { type Sample } from '../metrics.js';
import { type Point, type Trend, trendOf } from './trend.js';

const MEBIBYTE = 2 ** 20;

/**
 * What of a worker must stay flat, and how much it may seem to grow in an hour. Memory is told by the median of the workers:
 * they all do the same, so a leak is in each of them, and what one of them alone keeps for a while is not one. Of files and
 * handles none may grow in any worker.
 */
export const FLAT = {
  rssMiB: { metric: 'process_resident_memory_bytes', unit: MEBIBYTE, limitPerHour: 60, of: median },
  heapUsedMiB: { metric: 'nodejs_heap_size_used_bytes', unit: MEBIBYTE, limitPerHour: 30, of: median },
  openFiles: { metric: 'process_open_fds', unit: 1, limitPerHour: 30, of: worst },
  handles: { metric: 'nodejs_active_handles_total', unit: 1, limitPerHour: 30, of: worst },
} as const;

export type Vital = keyof typeof FLAT;
export const VITALS = Object.keys(FLAT) as Vital[];

/** One worker from its start to its end, as its own metrics tell. */
export interface WorkerLife {
  readonly slot: string;
  readonly startedAtEpoch: number;
  readonly points: Record<Vital, Point[]>;
}

export interface WorkerReport {
  readonly slot: string;
  readonly seconds: number;
  readonly vitals: Record<Vital, { start: number; end: number; trend?: Trend }>;
}

/** The workers' memory, files and handles, each worker from its own start. */
export class Vitals {
  private readonly lives = new Map<string, WorkerLife>();

  see(samples: readonly Sample[], at: number): void {
    for (const { labels, value } of samples.filter(({ name }) => name === 'process_start_time_seconds')) {
      const slot = labels['worker'] ?? '';
      const id = `${slot} ${value}`;
      const life = this.lives.get(id) ?? newLife(slot, value);
      this.lives.set(id, life);
      for (const vital of VITALS) {
        const { metric, unit } = FLAT[vital];
        const measured = samples.filter(({ name, labels: { worker } }) => name === metric && worker === slot);
        const sum = measured.reduce((total, sample) => total + sample.value, 0);
        if (measured.length > 0) life.points[vital].push({ at, value: sum / unit });
      }
    }
  }

  report(): WorkerReport[] {
    return [...this.lives.values()].map(reportOf);
  }
}

function newLife(slot: string, startedAtEpoch: number): WorkerLife {
  return { slot, startedAtEpoch, points: { rssMiB: [], heapUsedMiB: [], openFiles: [], handles: [] } };
}

function reportOf({ slot, points }: WorkerLife): WorkerReport {
  const watched = points.rssMiB;
  const vitals = VITALS.map((vital) => {
    const trend = trendOf(points[vital]);
    const [start = 0, end = 0] = [points[vital][0]?.value, points[vital].at(-1)?.value];
    return [vital, { start, end, ...(trend && { trend }) }];
  });
  return {
    slot,
    seconds: ((watched.at(-1)?.at ?? 0) - (watched[0]?.at ?? 0)) / 1_000,
    vitals: Object.fromEntries(vitals) as WorkerReport['vitals'],
  };
}

function worst(growths: readonly number[]): number {
  return Math.max(...growths);
}

function median(growths: readonly number[]): number {
  const sorted = growths.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}
