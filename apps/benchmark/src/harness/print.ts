import { type Comparison, digits, type Finding, type Goal } from './finding.js';
import { type Table } from './table.js';

/** A finding for a terminal. */
export function print(name: string, { comparisons, goals, tables = [], absent = [] }: Finding): string {
  return [
    `\n${name}`,
    ...comparisons.map(printComparison),
    ...tables.map(printTable),
    ...absent.map((what) => `  missing  ${what}`),
    ...goals.map(printGoal),
  ].join('\n');
}

function printComparison({ title, unit, base, entries }: Comparison): string {
  const lines = entries.map(({ name, ratio, value }) => {
    const spread = `${digits(ratio.low)} … ${digits(ratio.high)}`;
    return `    ${name.padEnd(54)} ${digits(ratio.median).padStart(7)} × (${spread})   ${digits(value.median)} ${unit}`;
  });
  return [`  ${title}, beside ${base}`, ...lines].join('\n');
}

function printTable({ title, head, lines }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? '').length)));
  const printed = [head, ...lines].map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '),
  );
  return [`  ${title}`, ...printed.map((line) => `    ${line.trimEnd()}`)].join('\n');
}

function printGoal({ goal, measured, isMet }: Goal): string {
  return `  ${isMet ? 'met    ' : 'not met'}  ${goal}: ${measured}`;
}
