import { type FaultChoice } from './fault-choice.js';
import { selectLines } from './history-filter.js';
import { type Library } from './library.js';
import { replayCommand } from './replay-command.js';
import { simulate, type Outcome } from './simulate.js';
import { type Breach } from './verdict.js';

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
  readonly broken: readonly BrokenRun[];
}

export type BrokenRun = Pick<Outcome, 'seed' | 'faults' | 'crash'> &
  Required<Pick<Outcome, 'breach'>> & { readonly last: readonly string[]; readonly replay: string };

export interface CampaignOptions extends FaultChoice {
  /** The `--library` of the command that replays a run. */
  readonly library?: string | undefined;
  readonly from: number;
  readonly seeds: number;
  readonly stopAtFirst: boolean;
  onRun?(outcome: Outcome): void;
}

const LAST_LINES = 40;

/** Runs seed after seed. */
export async function campaign(library: Library, options: CampaignOptions): Promise<Campaign> {
  const beganAt = performance.now();
  const total = { runs: 0, simulatedHours: 0, processes: 0, mints: 0, bound: 0, answers: 0 };
  const errors: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const broken: BrokenRun[] = [];
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    const outcome = await simulate(seed, library, options);
    total.runs++;
    total.simulatedHours += outcome.simulatedMs / 3_600_000;
    for (const field of ['processes', 'mints', 'bound', 'answers'] as const) total[field] += outcome[field];
    for (const [code, count] of Object.entries(outcome.errors)) errors[code] = (errors[code] ?? 0) + count;
    for (const name of outcome.faults.length > 0 ? outcome.faults : ['none']) faults[name] = (faults[name] ?? 0) + 1;
    options.onRun?.(outcome);
    if (!outcome.breach) continue;
    broken.push(await lookCloser(seed, outcome.breach, library, options));
    if (options.stopAtFirst) break;
  }
  return {
    ...total,
    seconds: (performance.now() - beganAt) / 1_000,
    errors,
    faults,
    broken,
  };
}

/** Lives through a broken run again, this time with its history. */
async function lookCloser(
  seed: number,
  breach: Breach,
  library: Library,
  { only, mixture, library: directory }: CampaignOptions,
): Promise<BrokenRun> {
  const { faults, crash, history } = await simulate(seed, library, {
    only,
    mixture,
    isTold: true,
    watchesCrashes: true,
  });
  // Processes meet at a key: what another did to it explains what this one did.
  const keys = breach.about?.label === undefined ? undefined : [breach.about.label];
  const last = selectLines(history, { keys }).slice(-LAST_LINES);
  const replay = replayCommand({ seed, fault: only, faults: mixture, key: keys, library: directory });
  return { seed, faults, breach, ...(crash !== undefined && { crash }), last, replay };
}
