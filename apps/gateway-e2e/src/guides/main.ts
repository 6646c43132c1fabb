import { parseArgs } from 'node:util';
import { followGatewayGuide, HAS_GRAFANA } from './gateway-guide.js';
import { type StepResult } from './guide.js';
import { followLibraryGuide } from './library-guide.js';

const USAGE = `Follows the guides of docs/ in empty folders, as a reader would: every command, every file.
  --only NAME   library-11, library-12 or gateway; may be given more than once (all)`;

/** What the guides promise. */
const LIBRARY_MINUTES = 10;
const GATEWAY_MINUTES = 20;

const GUIDES: Record<string, () => Promise<void>> = {
  'library-11': () => library(11),
  'library-12': () => library(12),
  gateway,
};

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true, default: [] }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}
const wanted = values.only.length > 0 ? values.only : Object.keys(GUIDES);
for (const name of wanted) {
  const guide = GUIDES[name];
  if (!guide) throw new TypeError(`--only must be one of ${Object.keys(GUIDES).join(', ')}, not ${name}`);
  console.log(`\n# ${name}\n`);
  await guide();
}

async function library(nest: number): Promise<void> {
  const { steps, answers, mints } = await followLibraryGuide(nest, tell);
  holdTime(steps, LIBRARY_MINUTES);
  hold(answers.length === 2 && answers[0] === answers[1], `both processes have one token: ${answers.join(' and ')}`);
  hold(mints === 1, `the identity provider issued ${mints}`);
}

async function gateway(): Promise<void> {
  const { steps, calls, status, seenByPrometheus, seenInGrafana, mints } = await followGatewayGuide('clone', tell);
  holdTime(steps, GATEWAY_MINUTES);
  hold(calls.includes('{"invoices":[]}') && calls.includes('401'), 'a caller with a key is served, one without is not');
  hold(/billing.*valid/.test(status), 'the integration is valid');
  hold(seenByPrometheus.includes('"1"'), 'Prometheus sees the mint');
  if (HAS_GRAFANA) hold(seenInGrafana?.includes('"uid":"mintonce"') === true, 'Grafana has the dashboard');
  else console.log('-       Grafana is not installed: its step was left out');
  hold(mints === 1, `the identity provider issued ${mints}`);
}

function tell({ code, file, tookMs }: StepResult): void {
  console.log(`${(tookMs / 1_000).toFixed(1).padStart(6)} s  ${file ?? code.trim().split('\n').join('\n          ')}`);
}

function holdTime(steps: readonly StepResult[], minutes: number): void {
  const tookMs = steps.reduce((sum, step) => sum + step.tookMs, 0);
  hold(tookMs <= minutes * 60_000, `took ${(tookMs / 60_000).toFixed(1)} of ${minutes} minutes`);
}

function hold(isTrue: boolean, what: string): void {
  console.log(`${isTrue ? 'ok    ' : 'FAILED'}  ${what}`);
  if (!isTrue) process.exitCode = 1;
}
