import { failuresOf } from './excuses.js';
import { type Findings } from './findings.js';
import { INTEGRATION_NAMES, type IntegrationName } from './policy.js';
import { FLAT, VITALS, type WorkerReport } from './vitals.js';

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly seen: string;
}

export interface Verdict {
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/** Runs as long as this have lives that are long enough to tell a slope. */
export const LEAST_MINUTES_FOR_TRENDS = 15;
/** Token and record of each integration, and the health check's. */
const MOST_KEYS = 2 * INTEGRATION_NAMES.length + 1;

/** Holds what was seen against what is promised. */
export function judge(findings: Findings): Verdict {
  const checks = [
    everyFailureHasAnExcuse(findings),
    ...INTEGRATION_NAMES.flatMap((name) => [
      mintsWithinTheBound(findings, name),
      metricAgreesWithProvider(findings, name),
    ]),
    check('expired tokens seen by the upstream', findings.expiredSeen === 0, findings.expiredSeen),
    check('tokens used for another integration', findings.foreignTokens.length === 0, findings.foreignTokens.length),
    noCounterWentBack(findings),
    everyFaultHealed(findings),
    check('workers that ended by themselves', findings.crashes === 0, findings.crashes),
    ...flatness(findings),
    keysEnd(findings),
    connectionsEnd(findings),
    check('processes left', findings.processesLeft.length === 0, findings.processesLeft.length),
  ];
  return { passed: checks.every(({ passed }) => passed), checks };
}

function check(name: string, passed: boolean, seen: unknown): Check {
  return { name, passed, seen: String(seen) };
}

function everyFailureHasAnExcuse(findings: Findings): Check {
  const { requests, failures } = findings;
  const { unexcused } = failuresOf(findings);
  const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
  const seen = `${unexcused.length} of ${failures.length} failures in ${total} requests`;
  return check('failures that no fault excuses', total > 0 && unexcused.length === 0, seen);
}

function mintsWithinTheBound({ mints }: Findings, name: IntegrationName): Check {
  const { counted } = mints[name];
  const { calls, lifetimes, terms, bound, holds } = mints[name].bound;
  const spent = Object.entries(terms).flatMap(([term, count]) => (count > 0 ? [`${count} ${term}`] : []));
  return check(
    `mints of ${name}`,
    // A failed mint that was never sent is a term as well, and must not make room for a call.
    holds && counted <= bound && calls > 0,
    `${calls} of at most ${bound} (${[`${lifetimes} lifetimes`, ...spent].join(' + ')})`,
  );
}

/**
 * A worker that is killed takes a mint with it that it has not counted yet. A mint that a purge voids, whose time is over when
 * its worker goes on after a standstill, or whose connection is refused, may end before its request was sent; but no token is
 * kept that was not given.
 */
function metricAgreesWithProvider({ mints, expenses }: Findings, name: IntegrationName): Check {
  const { bound, counted, kept, given } = mints[name];
  const { kills, freezes, purges, refused } = expenses;
  const uncounted = bound.calls - counted;
  const mayBeUnsent = freezes + refused + purges[name];
  return check(
    `mints of ${name} in /metrics`,
    uncounted <= kills && -uncounted <= mayBeUnsent && kept <= given,
    `${counted} counted and ${kept} tokens kept, ${bound.calls} calls at the provider and ${given} tokens given; ` +
      `${kills} may be uncounted, ${mayBeUnsent} unsent`,
  );
}

function noCounterWentBack({ counters: { scrapes, series, wentBack } }: Findings): Check {
  const [first] = wentBack;
  const example = first ? `: ${first.series} from ${first.from} to ${first.to ?? 'nothing'}` : '';
  const seen = `${wentBack.length} of ${series} series in ${scrapes} scrapes${example}`;
  return check('counters that went back', scrapes > 1 && wentBack.length === 0, seen);
}

function everyFaultHealed({ faults }: Findings): Check {
  const lasting = faults.filter(({ recoveryMs }) => recoveryMs === undefined);
  const slowest = Math.max(0, ...faults.map(({ recoveryMs = 0 }) => recoveryMs));
  const names = lasting.map(({ name, problem }) => (problem ? `${name}: ${problem}` : name)).join(', ');
  const seen = `${lasting.length} of ${faults.length}${names && ` (${names})`}; the slowest recovery took ${Math.round(slowest)} ms`;
  return check('faults that did not heal', faults.length > 0 && lasting.length === 0, seen);
}

function flatness({ lives, minutes, workers }: Findings): Check[] {
  const slots = Array.from({ length: workers }, (_, slot) => String(slot));
  return VITALS.map((vital) => {
    const { limitPerHour, of } = FLAT[vital];
    const judged = lives.filter((life) => life.vitals[vital].trend);
    const growths = judged.flatMap(({ vitals }) => vitals[vital].trend?.perHour ?? []);
    const isFlat = growths.length === 0 || of(growths) <= limitPerHour;
    const isComplete = slots.every((slot) => judged.some((life) => life.slot === slot));
    const seen = judged.map((life) => trendIn(life, vital)).join('; ');
    const passed = isFlat && (isComplete || minutes < LEAST_MINUTES_FOR_TRENDS);
    return check(
      `${vital}, growth per hour ≤ ${limitPerHour} (${of.name})`,
      passed,
      seen || 'the run was too short to tell',
    );
  });
}

function trendIn({ slot, vitals }: WorkerReport, vital: (typeof VITALS)[number]): string {
  const { trend } = vitals[vital];
  return `worker ${slot}: ${trend?.first.toFixed(0)} → ${trend?.last.toFixed(0)}, ${trend?.perHour.toFixed(1)}/h`;
}

function keysEnd({ keys }: Findings): Check {
  const lasting = keys.filter(({ ttlMs }) => ttlMs < 0);
  const longest = Math.max(0, ...keys.map(({ ttlMs }) => ttlMs));
  const seen = `${keys.length} keys, ${lasting.length} without an end, the last in ${Math.round(longest / 1_000)} s`;
  return check('keys in Redis', keys.length <= MOST_KEYS && lasting.length === 0, seen);
}

/** Each worker has one connection for commands and one for events. */
function connectionsEnd({ clients: { running, ended }, workers }: Findings): Check {
  const isRight = Object.values(running).every((count) => count <= workers);
  const left = Object.values(ended).reduce((sum, count) => sum + count, 0);
  const seen = `${JSON.stringify(running)} while it ran, ${left} after its end`;
  return check('connections to Redis', isRight && left === 0, seen);
}
