import { type Contender, contest, type Effort, type ReadNs } from './contest.js';

/** A number that grows while contenders work, such as the processor time of a process. */
export type Gauge = () => number | Promise<number>;

/** By how much each gauge grew for one piece of work, a value for each round. */
export type Grown<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/**
 * A contest by several gauges at once: by how much each of them grows. They are read in their order before a contender works, and in
 * the opposite order after that, so that the last ones tell least of the reading of the others.
 */
export async function gauged<Name extends string>(
  contenders: readonly Contender[],
  effort: Effort,
  gauges: Readonly<Record<Name, Gauge>>,
  readNs?: ReadNs,
): Promise<ReadonlyMap<string, Grown<Name>>> {
  const names = Object.keys(gauges) as Name[];
  const grown = new Map(contenders.map(({ name }) => [name, samplesOf(names)]));
  const watched = contenders.map((contender) => ({
    ...contender,
    async run(times: number) {
      const before = await readAll(names, gauges);
      await contender.run(times);
      const after = await readAll(names.toReversed(), gauges);
      for (const name of names) grown.get(contender.name)?.[name].push((after[name] - before[name]) / times);
    },
  }));
  await contest(watched, effort, readNs);
  // What came before the rounds found out how much work fills one.
  for (const samples of grown.values())
    for (const name of names) samples[name].splice(0, samples[name].length - effort.rounds);
  return grown;
}

function samplesOf<Name extends string>(names: readonly Name[]): Record<Name, number[]> {
  return Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
}

async function readAll<Name extends string>(
  names: readonly Name[],
  gauges: Readonly<Record<Name, Gauge>>,
): Promise<Record<Name, number>> {
  const read: Partial<Record<Name, number>> = {};
  for (const name of names) read[name] = await gauges[name]();
  return read as Record<Name, number>;
}
