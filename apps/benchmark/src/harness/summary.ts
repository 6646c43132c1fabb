import { type Report } from './report.js';

/** Where each goal of these rows stands, and how long they took, for the end of a run. */
export function summary(rows: Report['rows']): string {
  const found = Object.entries(rows);
  const goals = found.flatMap(([name, row]) => row.goals.map((goal) => ({ name, ...goal })));
  const met = goals.filter(({ isMet }) => isMet);
  const took = found.map(([name, { tookMs = 0 }]) => `${name} ${seconds(tookMs)}`);
  const total = found.reduce((sum, [, { tookMs = 0 }]) => sum + tookMs, 0);
  return [
    '',
    `${met.length} of ${goals.length} goals are met`,
    ...goals.map(
      ({ name, goal, measured, isMet }) => `  ${isMet ? 'met    ' : 'not met'}  ${name}: ${goal}: ${measured}`,
    ),
    '',
    `The rows took ${seconds(total)}: ${took.join(', ')}`,
    '',
  ].join('\n');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
