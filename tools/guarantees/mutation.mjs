import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { markdownTable } from './markdown-table.mjs';

const COLUMNS = [
  ['File', ({ name }) => name],
  ['Mutants', ({ found, survived }) => found + survived],
  ['Found', ({ found }) => found],
  ['Survived', ({ survived }) => survived],
  ['Score', ({ found, survived }) => `${((100 * found) / (found + survived)).toFixed(1)} %`],
];

/** A table of the last mutation testing, a row for each file; nothing if there was none. */
export function mutationTable(report) {
  if (!existsSync(report)) return undefined;
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const rows = Object.entries(files).map(([path, { mutants }]) => rowOf(basename(path), mutants));
  const all = Object.values(files).flatMap(({ mutants }) => mutants);
  return markdownTable(COLUMNS, [...rows, rowOf('**all**', all)].filter(hasMutants));
}

function rowOf(name, mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  return { name, found: count('Killed', 'Timeout'), survived: count('Survived', 'NoCoverage') };
}

function hasMutants({ found, survived }) {
  return found + survived > 0;
}
