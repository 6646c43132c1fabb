import { type Library } from './library.js';
import { simulate, type Outcome } from './simulate.js';

/** What many runs came to. */
export interface Campaign {
  readonly runs: number;
  readonly seconds: number;
  readonly simulatedHours: number;
  readonly processes: number;
  readonly mints: number;
  readonly bound: number;
  readonly answers: number;
  /** What callers heard besides tokens, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** In how many runs each fault struck; `none` in calm weather. */
  readonly faults: Readonly<Record<string, number>>;
  /** The only faults, if not those of each seed. */
  readonly only: readonly string[];
  readonly broken: readonly BrokenRun[];
}

export type BrokenRun = Pick<Outcome, 'seed' | 'faults'> &
  Required<Pick<Outcome, 'breach'>> & { readonly last: readonly string[] };

export interface CampaignOptions {
  readonly from: number;
  readonly seeds: number;
  /** The only faults. @defaultValue those of each seed */
  readonly faults?: readonly string[];
  readonly stopAtFirst: boolean;
  onRun?(outcome: Outcome): void;
}

const LAST_LINES = 25;

/** Runs seed after seed. */
export async function campaign(library: Library, options: CampaignOptions): Promise<Campaign> {
  const beganAt = performance.now();
  const total = { runs: 0, simulatedHours: 0, processes: 0, mints: 0, bound: 0, answers: 0 };
  const errors: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const broken: BrokenRun[] = [];
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    const outcome = await simulate(seed, library, options.faults);
    total.runs++;
    total.simulatedHours += outcome.simulatedMs / 3_600_000;
    for (const field of ['processes', 'mints', 'bound', 'answers'] as const) total[field] += outcome[field];
    for (const [code, count] of Object.entries(outcome.errors)) errors[code] = (errors[code] ?? 0) + count;
    for (const name of outcome.faults.length > 0 ? outcome.faults : ['none']) faults[name] = (faults[name] ?? 0) + 1;
    options.onRun?.(outcome);
    const { breach } = outcome;
    if (!breach) continue;
    broken.push({ seed, faults: outcome.faults, breach, last: outcome.history.slice(-LAST_LINES) });
    if (options.stopAtFirst) break;
  }
  return {
    ...total,
    seconds: (performance.now() - beganAt) / 1_000,
    errors,
    faults,
    only: options.faults ?? [],
    broken,
  };
}
