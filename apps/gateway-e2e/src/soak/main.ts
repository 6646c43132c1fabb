import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../fleet.js';
import { failuresOf } from './excuses.js';
import { report } from './report.js';
import { soak } from './soak.js';
import { judge } from './verdict.js';

const USAGE = `Runs the gateway under PM2 with load and random faults, and judges what came of it.
  --minutes N     how long (20)
  --store NAME    redis (default) or sqlite
  --workers N     of the gateway (4)
  --seed N        has the same faults again
  --fault NAME    only faults whose names contain this; may be given more than once (all)
  --pause S       at most, from the recovery of one fault to the next (5 to 20 s)`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    fault: { type: 'string', multiple: true, default: [] },
    pause: { type: 'string' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'redis' },
    workers: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const store = values.store;
if (store !== 'redis' && store !== 'sqlite') throw new TypeError(`--store must be redis or sqlite, not ${store}`);
const minutes = positive('minutes', values.minutes);
const workers = positive('workers', values.workers);
const pauseMs = values.pause === undefined ? {} : { pauseMs: [0, 1_000 * positive('pause', values.pause)] as const };
const seed = positive('seed', values.seed ?? String(Date.now() % 1_000_000));

console.log(
  `Soak of ${minutes} minutes on ${store} with ${workers} workers; --seed ${seed} has the same faults again.`,
);
const findings = await soak({
  store,
  minutes,
  seed,
  workers,
  faults: values.fault,
  ...pauseMs,
  say: (line) => console.log(line),
});
const verdict = judge(findings);
console.log(report(findings, verdict));

const directory = join(ROOT, 'reports');
mkdirSync(directory, { recursive: true });
const machine = { node: process.version, cpus: availableParallelism(), loadAverage: loadavg() };
const failures = failuresOf(findings);
writeFileSync(
  join(directory, store === 'redis' ? 'soak.json' : `soak-${store}.json`),
  JSON.stringify({ ...verdict, machine, ...findings, failures }, null, 2),
);
process.exit(verdict.passed ? 0 : 1);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`--${name} must be a positive number, not ${text}`);
}
