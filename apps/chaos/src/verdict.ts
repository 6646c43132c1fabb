import { overlapping } from '@mintonce/demo';
import { boundOf, uncounted } from './mint-bound.js';
import { type TrialRecord } from './trial-record.js';

/** Of a token's life, as the library's default policy has it. */
const MARGIN_MS = 30_000;
const MARGIN_SHARE = 0.1;

export interface Verdict {
  /** Calls to the token endpoint, as the witness saw them. */
  readonly mints: number;
  /** The most that the second promise allows. */
  readonly bound: number;
  /** What callers heard besides tokens, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly answers: number;
  /** The most mints that ran at the same time. */
  readonly overlapping: number;
  /** Promises that were broken, a line each. */
  readonly broken: readonly string[];
}

/** Holds what the workers told against what the witness saw. */
export function judge(trial: TrialRecord, broken: readonly string[] = []): Verdict {
  const { calls, answers } = trial;
  const bound = boundOf(trial);
  return {
    mints: bound.calls,
    bound: bound.bound,
    errors: errorsByCode(trial),
    answers: answers.length,
    overlapping: overlapping(calls),
    broken: [
      ...broken,
      ...(bound.holds ? [] : [`${bound.calls} mints, but no more than ${JSON.stringify(bound)}`]),
      ...wrongTokens(trial),
      ...lateAnswers(trial),
      ...rejectedTokens(trial),
      ...reusedGenerations(trial),
      ...brokenWorkers(trial),
    ],
  };
}

function errorsByCode({ answers }: TrialRecord): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { error } of answers) if (error) errors[error.code] = (errors[error.code] ?? 0) + 1;
  return errors;
}

/** Tokens of another key, made up, or past their hard expiry. */
function wrongTokens({ fleet, key, answers }: TrialRecord): string[] {
  const book = new Map(fleet.witness.calls.map((call) => [call.token, call]));
  return answers.flatMap(({ worker, token, askedAt, answeredAt }) => {
    if (token === undefined) return [];
    const minted = book.get(token);
    if (!minted) return [`${worker} gave the token ${token}, which nobody minted`];
    if (minted.key !== key) return [`${worker} gave a token of ${minted.key} for ${key}`];
    const lifeMs = minted.expiresInMs ?? 0;
    const expiredAt = minted.startedAt + lifeMs;
    // A process can be held up between its decision and our note of it, but not before it was asked.
    const hardExpiryAt = expiredAt - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
    const pausedMs = fleet.worker(worker).pausedMs;
    return askedAt > hardExpiryAt || answeredAt - pausedMs > expiredAt
      ? [`${worker} gave a token ${answeredAt - hardExpiryAt} ms past its hard expiry`]
      : [];
  });
}

function lateAnswers({ fleet, answers }: TrialRecord): string[] {
  const { waitTimeoutMs } = fleet.policy;
  return answers.flatMap(({ worker, askedAt, answeredAt }) => {
    const tookMs = answeredAt - askedAt - fleet.worker(worker).pausedMs;
    return tookMs > waitTimeoutMs ? [`${worker} took ${tookMs} ms to answer`] : [];
  });
}

/** A process that was told that a token was rejected never gives it to a caller who comes later. */
function rejectedTokens({ fleet, answers }: TrialRecord): string[] {
  return fleet.history.rejections.flatMap((rejection) =>
    answers
      .filter(({ worker, token }) => worker === rejection.worker && token === rejection.token)
      .filter(({ askedAt }) => askedAt > rejection.at)
      .map(({ worker }) => `${worker} gave a token that it knew to be rejected`),
  );
}

/** One fence, one token. What was minted without a lease has no fence: its generation is next to the last that its process saw. */
function reusedGenerations({ fleet, answers }: TrialRecord): string[] {
  const tokens = new Map<number, string>();
  return answers.flatMap(({ token, generation }) => {
    if (token === undefined || generation === undefined || fleet.history.mintedAlone.has(token)) return [];
    const known = tokens.get(generation) ?? token;
    tokens.set(generation, known);
    return known === token ? [] : [`two tokens were published under fence ${generation}`];
  });
}

function brokenWorkers(trial: TrialRecord): string[] {
  return trial.fleet.workers.flatMap((worker) => {
    const wasEnded = worker.endedBy !== undefined || worker.lastEndedAt > trial.startedAt;
    const lost = uncounted(trial, worker.name);
    return [
      ...(worker.isRunning || worker.endedBy ? [] : [`${worker.name} crashed:\n${worker.output()}`]),
      ...(/unhandled/i.test(worker.output()) ? [`${worker.name} complains:\n${worker.output()}`] : []),
      ...(lost > 0 && !wasEnded ? [`${worker.name} minted ${lost} times more than its metrics say`] : []),
    ];
  });
}
