import { failuresOf } from './excuses.js';
import { type Findings } from './findings.js';
import { type Failure } from './request-log.js';
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
  const bare = unexcused.map((failure): [string, number] => [describeUnexcused(failure, findings), 1]);
  return [...counts, ...bare];
}

/** With the fault that began last before it: a failure that no fault excuses may still come of one. */
function describeUnexcused({ kind, cause, startedAt, endedAt }: Failure, { faults }: Findings): string {
  const last = faults.filter((fault) => fault.startedAt <= endedAt).at(-1);
  const since = last ? `${ms(endedAt - last.startedAt)} after "${last.name}" began` : 'before any fault';
  return `${cause} (no excuse: ${kind}, which took ${ms(endedAt - startedAt)}, ${since})`;
}

function lifeLine({ slot, seconds, vitals }: Findings['lives'][number]): string {
  const figures = VITALS.map((vital) => `${vital} ${vitals[vital].start.toFixed(0)} → ${vitals[vital].end.toFixed(0)}`);
  return `  worker ${slot}, ${Math.round(seconds)} s: ${figures.join(', ')}`;
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
