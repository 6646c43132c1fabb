import { type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { type ClusterMetricsConfig } from './cluster-metrics.options.js';
import { type Family } from './family.js';
import { type Incarnation } from './incarnation.js';
import { Recorder } from './recorder.js';
import { type SnapshotStore } from './snapshot-store.js';
import { type Answer, answerWithin, checkSocketPath, serve } from './worker-socket.js';

/** Limit of the last snapshot: a metric whose collect() hangs must not keep the process, a slow one must be saved. */
const LAST_SAVE_MS = 5_000;

/** This process as one of the workers: answers the other workers, and saves what it has counted. */
export class LocalWorker {
  private readonly logger = new Logger('ClusterMetrics');
  private readonly recorder = new Recorder(register, (families) => this.save(families));
  private readonly stopping = new AbortController();
  private server?: Server;
  private problem?: string;

  constructor(
    private readonly worker: Incarnation,
    private readonly store: SnapshotStore,
    private readonly config: ClusterMetricsConfig,
  ) {}

  /**
   * Listens, then saves the first snapshot, which announces this worker. In that order, because other workers take a worker
   * that has a snapshot and does not listen for dead.
   *
   * @throws Error if the socket's path is too long or in use
   */
  async start(socketPath: string): Promise<void> {
    checkSocketPath(socketPath);
    this.server = await serve(socketPath, () => this.current());
    await this.record();
    void this.saveRegularly();
  }

  /** Answers a scrape of this process itself as the socket would, without encoding and decoding the metrics. */
  answer(): Promise<Answer> {
    return answerWithin(this.current(), this.config.timeoutMs);
  }

  /** Saves the last snapshot, and stops listening. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const tooLate = delay(LAST_SAVE_MS, undefined, { ref: false });
    await Promise.race([this.record(), tooLate]);
    this.server?.close();
  }

  private async saveRegularly(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await delay(this.config.snapshotIntervalMs, undefined, { ref: false, signal }).then(
        () => this.record(),
        () => undefined,
      );
    }
  }

  private async current(): Promise<Family[]> {
    try {
      return await this.recorder.current();
    } catch (error) {
      this.report('Cannot collect the metrics: check the collect() functions of the metrics', error);
      throw error;
    }
  }

  private async record(): Promise<void> {
    await this.recorder
      .record()
      .catch((error) =>
        this.report('Cannot collect the counters: check the collect() functions of the metrics', error),
      );
  }

  /** A failure is logged and not thrown: with a full disk, scrapes must still be answered. */
  private async save(families: Family[]): Promise<void> {
    await this.store.save(this.worker, families).then(
      () => this.report(undefined),
      (error) =>
        this.report(
          'Cannot save the counters, which go back if this worker is killed now: ' +
            'check the permissions and free space of the option "directory" of ClusterMetricsModule',
          error,
        ),
    );
  }

  /** Logs a problem once when it begins; every snapshot would repeat it otherwise. */
  private report(problem: string | undefined, error?: unknown): void {
    if (problem !== undefined && problem !== this.problem) {
      this.logger.error(problem, (error as Error).stack);
    }
    this.problem = problem;
  }
}
