import { type Comparison, digits, type Finding, type Goal } from './finding.js';

/** A finding for a terminal. */
export function print(name: string, { comparisons, goals }: Finding): string {
  return [`\n${name}`, ...comparisons.map(printComparison), ...goals.map(printGoal)].join('\n');
}

function printComparison({ title, unit, base, entries }: Comparison): string {
  const lines = entries.map(({ name, ratio, value }) => {
    const spread = `${digits(ratio.low)} … ${digits(ratio.high)}`;
    return `    ${name.padEnd(54)} ${digits(ratio.median).padStart(7)} × (${spread})   ${digits(value.median)} ${unit}`;
  });
  return [`  ${title}, beside ${base}`, ...lines].join('\n');
}

function printGoal({ goal, measured, isMet }: Goal): string {
  return `  ${isMet ? 'met    ' : 'not met'}  ${goal}: ${measured}`;
}
