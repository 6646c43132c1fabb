// Which changes of the core do the tests find? Three judges, each of what the one before it did not find: the specs beside
// the changed file, those of the whole core, and the simulation.
//   npm run mutate                              all of the core, and the Nest shell
//   npm run mutate -- core/slot core/door       these folders
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { coreSpecs, folders, SIMULATION, sourcesOf, specsOf } from './judges.mjs';
import { runJudge } from './run-judge.mjs';

const REPORT = 'reports/mutation.json';
const FOUND = ['Killed', 'Timeout', 'RuntimeError', 'CompileError'];

const asked = process.argv.slice(2);
const mutants = new Map();

for (const folder of asked.length > 0 ? asked : folders) note(await runJudge(sourcesOf(folder), specsOf(folder)));
await judgeAgain(coreSpecs());
await judgeAgain([SIMULATION]);
report();

async function judgeAgain(specs) {
  const left = survivors().filter(({ fileName }) => !fileName.includes('/src/nest/'));
  if (left.length > 0) note(await runJudge(left.map(rangeOf), specs));
}

/** What one judge found stays found, whatever the next says of it; and it is kept if the run, which takes an hour or two, is cut off. */
function note(results) {
  for (const result of results)
    if (result.status !== 'Ignored' && !isFound(mutants.get(nameOf(result)))) mutants.set(nameOf(result), result);
  mkdirSync('reports', { recursive: true });
  writeFileSync(REPORT, JSON.stringify([...mutants.values()]));
}

function isFound(mutant) {
  return FOUND.includes(mutant?.status);
}

function survivors() {
  return [...mutants.values()].filter((mutant) => !isFound(mutant));
}

/** Stryker counts columns from 1 in what it says, and from 0 in what it is told. */
function rangeOf({ fileName, location: { start, end } }) {
  return `${relative('.', fileName)}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function nameOf({ mutatorName, replacement, ...mutant }) {
  return `${rangeOf(mutant)} ${mutatorName}: ${replacement}`;
}

function report() {
  const left = survivors();
  const found = mutants.size - left.length;
  for (const mutant of left) console.log(`Not found: ${nameOf(mutant)}`);
  console.log(`${found} of ${mutants.size} mutants found (${((100 * found) / mutants.size).toFixed(1)} %)`);
}
