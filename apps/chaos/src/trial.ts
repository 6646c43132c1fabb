import { waitFor } from '@mintonce/test-support';
import { type History } from './history.js';
import { uncounted } from './mint-bound.js';
import { monotonicMs } from './monotonic.js';
import { type FleetRecord, type TrialRecord } from './trial-record.js';
import { judge, type Verdict } from './verdict.js';
import { type Witness, type WitnessedCall } from './witness.js';
import { type WorkerProcess } from './worker-process.js';

export interface MidMint {
  /** The worker that mints. */
  readonly holder: WorkerProcess;
  /** Resolves when all callers are answered. */
  readonly served: Promise<void>;
  release(): void;
}

/** What a trial needs of its fleet. */
export interface TriedFleet extends FleetRecord {
  readonly workers: readonly WorkerProcess[];
  readonly awake: readonly WorkerProcess[];
  readonly witness: Witness;
  readonly history: History;
  worker(name: string): WorkerProcess;
  /** Resolves when the condition holds, and within half a minute. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Says what is wrong with the store after a trial. */
  inspect(): Promise<string[]>;
}

/** What a fleet goes through with one key. */
export class Trial implements TrialRecord {
  readonly startedAt = monotonicMs();
  purges = 0;
  losses = 0;

  constructor(
    readonly fleet: TriedFleet,
    readonly key: string,
  ) {}

  /** That many callers in each worker, all at once; resolves when all are answered. */
  async burst(perWorker: number, workers = this.fleet.awake): Promise<void> {
    await Promise.all(workers.map((worker) => worker.ask({ do: 'burst', key: this.key, count: perWorker })));
  }

  /** Callers of each worker wait for a mint whose answer is withheld until `release` is called. */
  async midMint(perWorker = 10): Promise<MidMint> {
    const release = this.fleet.witness.holdNext();
    const served = this.burst(perWorker);
    const holder = await this.minting();
    await this.waiting(perWorker, this.fleet.workers);
    return { holder, served, release };
  }

  /** Callers of one worker that may not live to see their answer. */
  strand(callers: number, worker: WorkerProcess): void {
    this.burst(callers, [worker]).catch(() => undefined);
  }

  /** Resolves when that many callers of each of these workers wait for an answer. */
  async waiting(perWorker: number, workers: readonly WorkerProcess[]): Promise<void> {
    await waitFor(
      async () => {
        const reports = await Promise.all(workers.map((worker) => worker.ask({ do: 'report' })));
        return reports.every(({ inFlight }) => inFlight >= perWorker);
      },
      { description: `${perWorker} callers to wait in each of ${workers.length} workers` },
    );
  }

  /** A caller in each worker every `everyMs`, until `rest`. */
  async load(everyMs: number, workers = this.fleet.awake): Promise<void> {
    await Promise.all(workers.map((worker) => worker.ask({ do: 'load', key: this.key, everyMs })));
  }

  /** Ends the load; resolves when every caller of every worker that is awake is answered. */
  async rest(): Promise<void> {
    await Promise.all(this.fleet.awake.map((worker) => worker.ask({ do: 'rest' })));
  }

  async purge(worker = this.fleet.awake[0]): Promise<void> {
    this.purges++;
    await worker?.ask({ do: 'purge', key: this.key });
  }

  /** Resolves when the store has answered callers of every worker anew: that others can reach it says nothing of this key. */
  async inTouch(): Promise<void> {
    const since = monotonicMs();
    await this.fleet.until(async () => {
      const reports = await Promise.all(this.fleet.awake.map((worker) => worker.ask({ do: 'report' })));
      return reports.every(({ acquiredAt }) => acquiredAt > since);
    });
  }

  /** Purges the key under load, until the store says that it did; resolves when every worker was given another token than any before. */
  async replaceByPurge(worker = this.fleet.awake[0]): Promise<void> {
    const old = new Set(this.answers.map(({ token }) => token));
    await waitFor(() => this.purge(worker).then(() => true), { description: 'a purge that is answered' });
    await this.fleet.until(() => this.fleet.awake.every(({ name }) => !old.has(this.lastToken(name))));
  }

  /** The generations of the tokens that callers were given. */
  get generations(): number[] {
    return this.answers.flatMap(({ generation }) => generation ?? []);
  }

  /** The longest that a caller waited. */
  get slowestMs(): number {
    return Math.max(...this.answers.map(({ askedAt, answeredAt }) => answeredAt - askedAt));
  }

  /** What callers of that worker were given last, if it was a token. */
  lastToken(worker: string): string | undefined {
    return this.answers.findLast((answer) => answer.worker === worker)?.token;
  }

  get calls(): readonly WitnessedCall[] {
    return this.fleet.witness.callsFor(this.key);
  }

  get answers() {
    return this.fleet.history.answersFor(this.key);
  }

  get observations() {
    return this.fleet.history.observations.filter(({ at }) => at >= this.startedAt);
  }

  /** Resolves when a mint is in flight, with the worker that mints. */
  async minting(): Promise<WorkerProcess> {
    const [call] = await waitFor(
      () => {
        const calls = this.fleet.witness.inFlight(this.key);
        return calls.length > 0 && calls;
      },
      { intervalMs: 2, description: 'a mint in flight' },
    );
    return this.fleet.worker(call?.worker ?? '');
  }

  /** Resolves when that many more callers of each worker have been given a token. */
  async served(perWorker: number, workers = this.fleet.awake): Promise<void> {
    const since = monotonicMs();
    const served = ({ name }: WorkerProcess): number =>
      this.answers.filter(({ worker, token, askedAt }) => worker === name && token && askedAt >= since).length;
    await waitFor(() => workers.every((worker) => served(worker) >= perWorker), {
      description: 'tokens for callers of every worker',
    });
  }

  /** From that instant until a caller who came since was given a token. */
  recoveryMs(since: number): number {
    const served = this.answers.filter(({ token, askedAt }) => token && askedAt >= since);
    return Math.min(...served.map(({ answeredAt }) => answeredAt)) - since;
  }

  /** What the witness and the workers have to say, once every caller is answered. */
  async verdict(): Promise<Verdict> {
    await this.rest();
    const found = await this.fleet.inspect();
    const ownMints = () => this.fleet.awake.every(({ name }) => uncounted(this, name) === 0);
    // A refresh that the last callers began may still be on its way, or begin now: nothing is waited for between this and the judgement.
    await waitFor(ownMints).catch(() => undefined);
    return judge(this, found);
  }
}
