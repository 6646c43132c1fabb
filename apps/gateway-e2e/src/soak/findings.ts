import { type MintBound } from '@mintonce/test-support/mint-bound';
import { type WentBack } from './counter-watch.js';
import { type EventLoopDelay } from './delays.js';
import { type Expenses } from './expenses.js';
import { type FaultWindow } from './fault-window.js';
import { type RedisKey } from './leftovers.js';
import { type MintTerms } from './mint-terms.js';
import { type IntegrationName } from './policy.js';
import { type Failure } from './request-log.js';
import { type WorkerReport } from './vitals.js';

/** What the workers count of one integration, and what its provider knows. */
export interface Mints {
  readonly bound: MintBound<MintTerms>;
  readonly counted: number;
  /** Of those, the ones that brought a token into use. */
  readonly kept: number;
  /** Tokens that the provider handed out. */
  readonly given: number;
}

/** Everything that a soak has seen, before it is judged. */
export interface Findings {
  readonly store: 'redis' | 'sqlite';
  readonly seed: number;
  readonly workers: number;
  readonly minutes: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly left: number;
  readonly failures: readonly Failure[];
  readonly faults: readonly FaultWindow[];
  /** What the identity provider did besides: answers without a life, and tokens revoked in pairs. */
  readonly provider: readonly FaultWindow[];
  readonly expenses: Expenses;
  readonly mints: Readonly<Record<IntegrationName, Mints>>;
  readonly tokensSeen: number;
  readonly expiredSeen: number;
  readonly foreignTokens: readonly string[];
  readonly counters: { scrapes: number; series: number; wentBack: readonly WentBack[] };
  readonly lives: readonly WorkerReport[];
  readonly delay: EventLoopDelay;
  /** Workers that PM2 started again and nobody here had ended. */
  readonly crashes: number;
  readonly keys: readonly RedisKey[];
  /** While the gateway ran, with nothing to do, and after it had ended. */
  readonly clients: { running: Readonly<Record<string, number>>; ended: Readonly<Record<string, number>> };
  readonly processesLeft: readonly number[];
  /** What the workers said, and how often. */
  readonly log: Readonly<Record<string, number>>;
}
