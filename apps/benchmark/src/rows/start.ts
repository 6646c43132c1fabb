import { atMost, comparisonOf, type Role, type Sampled } from '../harness/finding.js';
import { type Row } from '../harness/row.js';
import { runScript } from '../scripts/run-script.js';

/** A process for each value takes a second. */
const MOST_ROUNDS = 5;
const EMPTY = 'Nest and ioredis alone';
const OURS = 'mintonce, 100 integrations';
const APPLICATIONS: readonly Application[] = [
  { name: EMPTY, role: 'limit', script: 'empty' },
  { name: 'mintonce, 1 integration', role: 'ours', script: 'ours', count: 1 },
  { name: OURS, role: 'ours', script: 'ours', count: 100 },
  { name: 'bentocache', role: 'peer', script: 'bentocache' },
  { name: 'cache-manager and Keyv', role: 'peer', script: 'cache-manager' },
  { name: 'msal-node', role: 'peer', script: 'msal-node' },
];

interface Application {
  readonly name: string;
  readonly role: Role;
  /** In `scripts/applications`. */
  readonly script: string;
  /** Of integrations. */
  readonly count?: number;
}

interface Answer {
  readonly startMs: number;
  readonly rssMb: number;
}

export const start: Row = {
  name: 'start',
  work: 'The start of an application of Nest with a connection to Redis, modules loaded, and what its process then weighs',
  async run({ effort, redisUrl }) {
    const answers = APPLICATIONS.map((application) => ({ ...application, answers: [] as Answer[] }));
    for (let round = 0; round < Math.min(effort.rounds, MOST_ROUNDS); round++) {
      for (const { script, count = 0, answers: own } of answers) {
        own.push(await runScript<Answer>(`applications/${script}`, [redisUrl, String(count)]));
      }
    }
    const sampledBy = (valueOf: (answer: Answer) => number): Sampled[] =>
      answers.map(({ name, role, answers: own }) => ({ name, role, samples: own.map(valueOf) }));
    const time = comparisonOf(
      { title: 'Start', unit: 'ms', better: 'lower' },
      sampledBy(({ startMs }) => startMs),
    );
    const memory = comparisonOf(
      { title: 'Memory of the process', unit: 'MB', better: 'lower' },
      sampledBy(({ rssMb }) => rssMb),
    );
    return { comparisons: [time, memory], goals: [atMost(time, OURS, 1.5), atMost(memory, OURS, 1.25)] };
  },
};
