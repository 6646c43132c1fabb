import { suiteCommand } from './command.mjs';
import { markdownTable } from './markdown-table.mjs';

const COLUMNS = [
  ['Suite', ({ project, spec }) => `${project}/${spec}`],
  ['Promises', ({ rows }) => [...new Set(rows.flatMap(({ promises }) => promises))].sort().join(', ')],
  ['Rows', ({ rows }) => rows.length],
  ['Mints above their bound', ({ rows }) => aboveBound(rows)],
  ['Longest recovery', ({ rows }) => longestRecovery(rows)],
  ['Run it again', (suite) => `\`${suiteCommand(suite)}\``],
];

/** A row for each suite: how much it tried, and whether any test saw more mints than the second promise allows. */
export function summaryOf(suites) {
  return markdownTable(COLUMNS, suites);
}

function aboveBound(rows) {
  const bounded = rows.filter(({ bound }) => bound !== undefined);
  return bounded.length > 0 ? bounded.filter(({ mints, bound }) => mints > bound).length : undefined;
}

function longestRecovery(rows) {
  const recoveries = rows.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  return recoveries.length > 0 ? `${Math.round(Math.max(...recoveries))} ms` : undefined;
}
