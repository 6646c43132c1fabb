import { setTimeout as sleep } from 'node:timers/promises';
import { type Role, type Sampled } from './finding.js';

/** For subscriptions and background connections, which no contender tells about. */
const SETTLING_MS = 200;

/** Something that does the work of a row. */
export interface Contender {
  readonly name: string;
  readonly role: Role;
  readonly remark?: string;
  /** Does the work that many times. Each contender has a loop of its own, so that none is slowed by the types of another. */
  run(times: number): Promise<unknown>;
}

/** How much time a row may take. */
export interface Effort {
  readonly rounds: number;
  /** Of one contender in one round. */
  readonly roundMs: number;
}

/** A clock, in ns since some instant. */
export type ReadNs = () => number;

/** For work that waits for others. */
export const wallNs: ReadNs = () => performance.now() * 1e6;

/** For work that this process does alone: what other processes take meanwhile does not count, what the garbage collector takes does. */
export const processorNs: ReadNs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
};

/**
 * Measures contenders side by side, in ns for each time: in every round each of them works for about `roundMs`, in an order that
 * moves on by one. tinybench and mitata finish one contender before the next, so that what else the machine does meanwhile
 * counts against one of them.
 */
export async function contest(
  contenders: readonly Contender[],
  { rounds, roundMs }: Effort,
  readNs: ReadNs = wallNs,
): Promise<Sampled[]> {
  await warmUp(contenders);
  const entrants: Entrant[] = [];
  for (const contender of contenders)
    entrants.push({ contender, times: await timesWithin(contender, roundMs, readNs), samples: [] });
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < entrants.length; place++) {
      const entrant = entrants[(place + round) % entrants.length] as Entrant;
      entrant.samples.push((await elapsedNs(entrant.contender, entrant.times, readNs)) / entrant.times);
    }
  }
  return entrants.map(({ contender: { name, role, remark }, samples }) => ({ name, role, remark, samples }));
}

interface Entrant {
  readonly contender: Contender;
  readonly times: number;
  readonly samples: number[];
}

/** The first call of a contender connects, mints and subscribes; the second one knows that it is subscribed. */
async function warmUp(contenders: readonly Contender[]): Promise<void> {
  for (const { run } of contenders) await run(1);
  await sleep(SETTLING_MS);
  for (const { run } of contenders) await run(1);
}

/** How often a contender, once warm, does the work in that time. */
async function timesWithin(contender: Contender, ms: number, readNs: ReadNs): Promise<number> {
  let times = 1;
  let ns = await elapsedNs(contender, times, readNs);
  while (ns < ms * 1e6) {
    times = Math.ceil(times * Math.min(10, Math.max(1.5, (ms * 1.1e6) / ns)));
    ns = await elapsedNs(contender, times, readNs);
  }
  return Math.max(1, Math.round((times * ms * 1e6) / ns));
}

async function elapsedNs(contender: Contender, times: number, readNs: ReadNs): Promise<number> {
  const startedAt = readNs();
  await contender.run(times);
  return readNs() - startedAt;
}
