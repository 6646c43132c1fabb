import { testCommand } from './command.mjs';
import { markdownTable } from './markdown-table.mjs';

const COLUMNS = [
  ['Fault', ({ fault }) => fault],
  ['Promise', ({ promises }) => promises.join(', ')],
  ['Mints', ({ mints, bound }) => (bound === undefined ? mints : `${mints} ≤ ${bound}`)],
  ['Callers’ errors', ({ errors }) => errors && errorsOf(errors)],
  ['Recovery', ({ recoveryMs }) => (recoveryMs === undefined ? '' : `${Math.round(recoveryMs)} ms`)],
  ['Seen', ({ seen }) => seen],
  ['Run it again', (row) => `\`${testCommand(row)}\``],
];

/** A table of what was seen, a row for each test and fault. */
export function evidenceTable(rows) {
  return markdownTable(COLUMNS, rows);
}

function errorsOf(errors) {
  const counts = Object.entries(errors).map(([code, count]) => `${count} × ${code}`);
  return counts.length === 0 ? 'none' : counts.join(', ');
}
