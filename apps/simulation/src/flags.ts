import { parseArgs } from 'node:util';

export const USAGE = `Lets simulated fleets live through seeded faults and checks every promise.
  --seeds N          so many seeds (1000), --from N the first of them (1), --stop to end at the first broken promise
  --seed N           one seed, with its history:
    --key LABEL        only what concerns this request, for example "billing tenant=one"; may be repeated
    --process NAME     only what concerns this process, for example p2; may be repeated
    --from N, --to N   only these ms of the run
  --fault NAME       only this fault, whatever the seed says; may be repeated
  --faults MIXTURE   what the seeds choose their faults from: all (the default), usual or weather
  --faults NAMES     these faults, with commas between them, whatever the seed says
  --pairs            each of the faults alone and beside each other one, --seeds N (5) of each: a table
  --schedules        the schedules that are known to break locks
  --schedule NAME    one of them, with its history
  --mutations        defects put into the library on purpose: which seed finds each
  --mutation NAME    one of them; with --seed N the history of that seed
  --library DIR      another build of the library
  --json             for programs`;

export function parseFlags() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      seed: { type: 'string' },
      stop: { type: 'boolean', default: false },
      key: { type: 'string', multiple: true },
      process: { type: 'string', multiple: true },
      fault: { type: 'string', multiple: true },
      faults: { type: 'string' },
      pairs: { type: 'boolean', default: false },
      schedules: { type: 'boolean', default: false },
      schedule: { type: 'string' },
      mutations: { type: 'boolean', default: false },
      mutation: { type: 'string' },
      library: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

export type Flags = ReturnType<typeof parseFlags>;
