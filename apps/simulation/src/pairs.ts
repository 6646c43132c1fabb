import { campaign } from './campaign.js';
import { faultsNamed } from './fault-choice.js';
import { type Library } from './library.js';
import { type Breach } from './verdict.js';

/** What became of the runs with one fault, or with two at a time. */
export interface PairedRuns {
  readonly faults: readonly string[];
  readonly runs: number;
  readonly broken: number;
  /** The first run that broke a promise. */
  readonly first?: { readonly seed: number; readonly breach: Breach; readonly replay: string };
}

export interface PairingOptions {
  /** A mixture, or names of faults. */
  readonly mixture?: string | undefined;
  readonly from: number;
  readonly seeds: number;
  readonly library?: string | undefined;
}

/** Lets each fault strike alone and beside each other one, for some seeds each. */
export async function playPairs(
  library: Library,
  { mixture, from, seeds, library: directory }: PairingOptions,
  onRow: (row: PairedRuns) => void = () => {},
): Promise<PairedRuns[]> {
  const rows: PairedRuns[] = [];
  for (const faults of combinationsOf(faultsNamed(mixture).map(({ name }) => name))) {
    const options = { mixture: faults.join(','), from, seeds, stopAtFirst: false, library: directory };
    const { runs, broken } = await campaign(library, options);
    const row = { faults, runs, broken: broken.length, ...(broken[0] && { first: broken[0] }) };
    rows.push(row);
    onRow(row);
  }
  return rows;
}

/** Each alone, then each with each other. */
export function combinationsOf(names: readonly string[]): string[][] {
  const pairs = names.flatMap((name, index) => names.slice(index + 1).map((other) => [name, other]));
  return [...names.map((name) => [name]), ...pairs];
}
