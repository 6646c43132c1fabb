import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';
import { openApplicationDirectory } from './application-directory.js';
import { type ClusterMetricsConfig } from './cluster-metrics.options.js';
import { LocalWorker } from './local-worker.js';
import { locate, type Placement } from './placement.js';
import { SnapshotStore } from './snapshot-store.js';
import { type Peer, running, WorkerCluster } from './worker-cluster.js';

/** Injection token of the options with every default filled in. */
export const CLUSTER_METRICS_CONFIG = Symbol('CLUSTER_METRICS_CONFIG');

/** One running worker of the application. */
export interface WorkerInfo {
  /** Slot number that PM2 gives (`NODE_APP_INSTANCE`); it stays the same over restarts. 0 without PM2. */
  slot: number;
  /** Process id. */
  pid: number;
  /** When the process started. */
  startedAt: Date;
  /** Whether the worker answered within `timeoutMs`. */
  up: boolean;
}

/** The metrics of all workers of this application. Use it once the modules are initialised (`onApplicationBootstrap`). */
@Injectable()
export class ClusterMetricsService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('ClusterMetrics');
  private readonly placement: Placement;
  private cluster?: WorkerCluster;
  private local?: LocalWorker;
  private merging?: Promise<void>;

  constructor(@Inject(CLUSTER_METRICS_CONFIG) private readonly config: ClusterMetricsConfig) {
    this.placement = locate(config.application);
  }

  /**
   * One scrape in the classic text format of Prometheus (version 0.0.4). Counters, histograms and summaries are sums over
   * all workers, dead ones included. Gauges carry a `worker` label, unless the metric names another aggregator. Takes
   * `timeoutMs` at most for workers that do not answer.
   *
   * @throws Error before the modules are initialised
   */
  async metrics(): Promise<string> {
    const cluster = this.joined();
    const peers = await cluster.ask();
    const report = await cluster.report(peers);
    this.mergeGoneWorkers(peers);
    return report;
  }

  /**
   * The running workers, sorted by slot. While a slot is being reloaded, the newer of its two workers.
   *
   * @throws Error before the modules are initialised
   */
  async workers(): Promise<WorkerInfo[]> {
    const peers = running(await this.joined().ask());
    return peers.map(({ worker: { slot, pid, startedAt }, answer }) => ({
      slot,
      pid,
      startedAt: new Date(startedAt),
      up: answer.state === 'up',
    }));
  }

  async onModuleInit(): Promise<void> {
    collectDefaultsOnce(this.config.defaultMetrics);
    const { worker, folder } = this.placement;
    const directory = await openApplicationDirectory(this.config.directory, folder);
    const store = new SnapshotStore(directory);
    const local = new LocalWorker(worker, store, this.config);
    const cluster = new WorkerCluster(worker, () => local.answer(), directory, store, this.config.timeoutMs);
    this.local = local;
    await local.start(cluster.socketOf(worker));
    this.cluster = cluster;
    // A worker in a crash loop may never be scraped: its snapshots are merged at start too, or files would pile up.
    this.mergeGoneWorkers(cluster.ask());
  }

  /** Runs after the HTTP server has answered its last request, so that the last snapshot is complete. */
  async onApplicationShutdown(): Promise<void> {
    await this.local?.stop();
    await this.merging;
    if (!this.placement.isShared) {
      await this.cluster?.remove();
    }
  }

  private joined(): WorkerCluster {
    if (!this.cluster) {
      throw new Error(
        'ClusterMetricsService was called before the modules were initialised: call it in onApplicationBootstrap() or later',
      );
    }
    return this.cluster;
  }

  /** Runs in the background, once at a time: a scrape does not wait for it. */
  private mergeGoneWorkers(peers: Peer[] | Promise<Peer[]>): void {
    this.merging ??= this.retire(peers).finally(() => (this.merging = undefined));
  }

  private async retire(peers: Peer[] | Promise<Peer[]>): Promise<void> {
    try {
      await this.cluster?.retire(await peers);
    } catch (error) {
      // The counters stay complete meanwhile: the snapshots that are not merged are read one by one.
      this.logger.warn(
        `Cannot merge the snapshots of workers that ended; the next scrape tries again. If this repeats, check the ` +
          `permissions and free space of the option "directory": ${(error as Error).message}`,
      );
    }
  }
}

/** prom-client refuses to collect its default metrics twice in a process, and the application may already do so. */
function collectDefaultsOnce(isWanted: boolean): void {
  if (isWanted && !register.getSingleMetric('process_cpu_seconds_total')) {
    collectDefaultMetrics();
  }
}
