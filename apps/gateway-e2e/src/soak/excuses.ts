import { type FaultWindow, isTouchedBy } from './fault-window.js';
import { type Findings } from './findings.js';
import { type Failure } from './request-log.js';

export interface JudgedFailures {
  /** How often each cause was heard, by the fault that excuses it. */
  readonly excused: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly unexcused: readonly Failure[];
}

/** Of a soak: what its identity provider did besides may be a cause as well. */
export function failuresOf({ failures, faults, provider }: Findings): JudgedFailures {
  return judgeFailures(failures, [...faults, ...provider]);
}

/** Lays every failure at the door of a fault that was there at the time and may cause it, if there is one. */
export function judgeFailures(failures: readonly Failure[], windows: readonly FaultWindow[]): JudgedFailures {
  const excused: Record<string, Record<string, number>> = {};
  const unexcused: Failure[] = [];
  for (const failure of failures) {
    const culprit = windows.find((window) => excuses(window, failure));
    if (!culprit) unexcused.push(failure);
    else {
      const counts = (excused[failure.cause] ??= {});
      counts[culprit.name] = (counts[culprit.name] ?? 0) + 1;
    }
  }
  return { excused, unexcused };
}

function excuses(window: FaultWindow, failure: Failure): boolean {
  const isPossible = window.excuses.some(
    ({ cause, kinds }) => cause === failure.cause && (kinds === undefined || kinds.includes(failure.kind)),
  );
  return isPossible && isTouchedBy(window, failure);
}
