import { parseArgs } from 'node:util';
import { ensureRedisServer, RunningParts, startRedis, temporaryDirectory } from '@mintonce/test-support';
import { type Effort } from './harness/contest.js';
import { type Finding } from './harness/finding.js';
import { print } from './harness/print.js';
import { circumstances, readReport, type Report, writeReport } from './harness/report.js';
import { type Row } from './harness/row.js';
import { summary } from './harness/summary.js';
import { ROWS } from './rows/index.js';

const HELP = `npm run bench                     measures every row, and writes reports/benchmark.json
npm run bench -- NAME NAME        only these rows; the others stay as they were in the file
  --rounds N                      rounds of each row (15)
  --round-ms N                    time of one contender in one round (60)

Goals that are not met are told at the end, and do not fail the run.

Rows: ${ROWS.map(({ name }) => name).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '15' },
    'round-ms': { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(HELP);
  const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}.\n\n${HELP}`);
  const effort: Effort = { rounds: Number(values.rounds), roundMs: Number(values['round-ms']) };
  const rows = ROWS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  ensureRedisServer();
  const before = circumstances();
  let measured: Report['rows'] = {};
  for (const row of rows) {
    const startedAt = performance.now();
    const finding = await measure(row, effort);
    process.stdout.write(`${print(row.name, finding)}\n`);
    const tookMs = Math.round(performance.now() - startedAt);
    measured = { ...measured, [row.name]: { work: row.work, ...before, tookMs, ...finding } };
    writeReport(measured, earlierRows());
  }
  process.stdout.write(summary(measured));
}

async function measure(row: Row, effort: Effort): Promise<Finding> {
  const running = new RunningParts();
  const absent: string[] = [];
  try {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const { url: redisUrl } = running.add(await startRedis());
    const lacks = (what: string): void => void absent.push(what);
    const finding = await row.run({ effort, redisUrl, directory: directory.path, running, lacks });
    return { ...finding, ...(absent.length > 0 && { absent }) };
  } finally {
    await running.stop();
  }
}

function earlierRows(): Report['rows'] {
  try {
    return readReport().rows;
  } catch {
    return {};
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
