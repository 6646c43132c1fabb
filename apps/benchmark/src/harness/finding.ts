import { type Curves } from './curves.js';
import { ratioOf, type Spread, spreadOf } from './spread.js';
import { type Table } from './table.js';

/** `limit`: what the machine can do without any library of this kind. */
export type Role = 'limit' | 'ours' | 'peer';

/** What was measured of one contender, a value for each round. */
export interface Sampled {
  readonly name: string;
  readonly role: Role;
  readonly remark?: string | undefined;
  readonly samples: readonly number[];
}

/** A contender beside the base of its row. */
export interface Entry {
  readonly name: string;
  readonly role: Role;
  readonly remark?: string | undefined;
  readonly value: Spread;
  readonly ratio: Spread;
}

/** What is aimed at, and whether it was reached. */
export interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Values of one kind. */
export interface Comparison {
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Name of the entry that the ratios are of. */
  readonly base: string;
  readonly entries: readonly Entry[];
}

/** What came of a row. */
export interface Finding {
  readonly comparisons: readonly Comparison[];
  readonly goals: readonly Goal[];
  /** What stands beside nothing: counts, and what is reckoned from them. */
  readonly tables?: readonly Table[];
  readonly curves?: readonly Curves[];
  /** What this machine lacked, and what is missing from the row for that. */
  readonly absent?: readonly string[];
}

/** @param sampled begins with the base of the ratios */
export function comparisonOf(
  about: Pick<Comparison, 'title' | 'unit' | 'better'>,
  sampled: readonly Sampled[],
): Comparison {
  const [base] = sampled;
  if (!base) throw new Error(`${about.title}: nobody took part`);
  const entries = sampled.map(({ samples, ...entry }) => ({
    ...entry,
    value: spreadOf(samples),
    ratio: ratioOf(samples, base.samples),
  }));
  return { ...about, base: base.name, entries };
}

/** That the median ratio of an entry is at most that. */
export function atMost(comparison: Comparison, name: string, limit: number): Goal {
  const { median } = entryOf(comparison, name).ratio;
  return {
    goal: `${name}: at most ${limit} × ${comparison.base}`,
    measured: `${digits(median)} ×`,
    isMet: median <= limit,
  };
}

/** That the median ratio of an entry is at least that. */
export function atLeast(comparison: Comparison, name: string, limit: number): Goal {
  const { median } = entryOf(comparison, name).ratio;
  return {
    goal: `${name}: at least ${limit} × ${comparison.base}`,
    measured: `${digits(median)} ×`,
    isMet: median >= limit,
  };
}

/** That the median value of an entry is at most that. */
export function within(comparison: Comparison, name: string, limit: number): Goal {
  const { median } = entryOf(comparison, name).value;
  const { unit } = comparison;
  return { goal: `${name}: at most ${limit} ${unit}`, measured: `${digits(median)} ${unit}`, isMet: median <= limit };
}

/** Three significant digits. */
export function digits(value: number): string {
  return Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export function entryOf({ title, entries }: Comparison, name: string): Entry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`${title}: no entry is named ${name}`);
  return entry;
}
