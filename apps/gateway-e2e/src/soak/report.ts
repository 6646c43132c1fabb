import { failuresOf } from './excuses.js';
import { type Findings } from './findings.js';
import { type Verdict } from './verdict.js';
import { VITALS } from './vitals.js';

/** The verdict for people. */
export function report(findings: Findings, { checks, passed }: Verdict): string {
  return [
    title('Faults'),
    ...rows(faultCounts(findings)),
    title('Requests'),
    ...rows(Object.entries(findings.requests).sort()),
    ...rows([['of which the caller left in the middle', findings.left]]),
    title('Failures, by cause and by the fault that excuses them'),
    ...rows(failureCounts(findings)),
    title('Workers, from start to end'),
    ...findings.lives.map(lifeLine),
    `  event-loop delay outside of frozen times: p99 ${ms(findings.delay.p99Ms)}, max ${ms(findings.delay.maxMs)}`,
    title('What the workers logged'),
    ...rows(
      Object.entries(findings.log)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 12),
    ),
    title('Verdict'),
    ...checks.map(({ name, passed: isGood, seen }) => `  ${isGood ? 'ok  ' : 'FAIL'}  ${name}: ${seen}`),
    '',
    `${passed ? 'PASSED' : 'FAILED'}: ${findings.minutes} minutes on ${findings.store}, ${findings.workers} workers, seed ${findings.seed}`,
  ].join('\n');
}

function title(text: string): string {
  return `\n${text}`;
}

function rows(entries: readonly (readonly [string, number])[]): string[] {
  return entries.map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`);
}

function faultCounts({ faults }: Findings): [string, number][] {
  const counts = new Map<string, number>();
  for (const { name } of faults) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort();
}

function failureCounts(findings: Findings): [string, number][] {
  const { excused, unexcused } = failuresOf(findings);
  const counts = Object.entries(excused).flatMap(([cause, byFault]) =>
    Object.entries(byFault).map(([fault, count]): [string, number] => [`${cause} (${fault})`, count]),
  );
  const causes = new Set(unexcused.map(({ kind, cause }) => `${cause} (no excuse: ${kind})`));
  const bare = [...causes].map((name): [string, number] => [
    name,
    unexcused.filter(({ kind, cause }) => name === `${cause} (no excuse: ${kind})`).length,
  ]);
  return [...counts, ...bare];
}

function lifeLine({ slot, seconds, vitals }: Findings['lives'][number]): string {
  const figures = VITALS.map((vital) => `${vital} ${vitals[vital].start.toFixed(0)} → ${vitals[vital].end.toFixed(0)}`);
  return `  worker ${slot}, ${Math.round(seconds)} s: ${figures.join(', ')}`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
