import { type History } from './history.js';
import { type WitnessedCall } from './witness.js';
import { type WorkerProcess } from './worker-process.js';

/** What is known of the fleet when one of its trials is judged. */
export interface FleetRecord {
  readonly workers: readonly WorkerRecord[];
  readonly policy: { readonly waitTimeoutMs: number };
  /** The calls for every key: a token of another key is recognized by them. */
  readonly witness: { readonly calls: readonly WitnessedCall[] };
  readonly history: Pick<History, 'rejections' | 'mintedAlone'>;
  worker(name: string): WorkerRecord;
}

/** What a trial leaves behind, and all that the verdict on it needs. */
export interface TrialRecord {
  readonly fleet: FleetRecord;
  readonly key: string;
  readonly startedAt: number;
  /** How often the test purged the key. */
  readonly purges: number;
  /** How often the test made the store forget a token that no process held any more. */
  readonly losses: number;
  /** The calls for this key. */
  readonly calls: readonly WitnessedCall[];
  /** The answers for this key. */
  readonly answers: ReturnType<History['answersFor']>;
  /** Of all keys, since the trial began. */
  readonly observations: History['observations'];
}

type WorkerRecord = Pick<WorkerProcess, 'name' | 'isRunning' | 'endedBy' | 'lastEndedAt' | 'pausedMs' | 'output'>;
