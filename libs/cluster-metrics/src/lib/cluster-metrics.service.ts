import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';
import { openApplicationDirectory } from './application-directory.js';
import { type ClusterMetricsConfig } from './cluster-metrics.options.js';
import { LocalWorker } from './local-worker.js';
import { locate, type Placement } from './placement.js';
import { SnapshotStore } from './snapshot-store.js';
import { type Peer, running, WorkerCluster } from './worker-cluster.js';

/** Token of the options with their defaults. */
export const CLUSTER_METRICS_CONFIG = Symbol('CLUSTER_METRICS_CONFIG');

export interface WorkerInfo {
  /** PM2's NODE_APP_INSTANCE: stays the same over restarts. */
  slot: number;
  pid: number;
  startedAt: Date;
  /** Whether it answered within `timeoutMs`. */
  up: boolean;
}

/** The metrics of all workers of this application. */
@Injectable()
export class ClusterMetricsService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('ClusterMetrics');
  private readonly placement: Placement;
  private cluster?: WorkerCluster;
  private local?: LocalWorker;
  private housekeeping?: Promise<void>;

  constructor(@Inject(CLUSTER_METRICS_CONFIG) private readonly config: ClusterMetricsConfig) {
    this.placement = locate(config.application);
  }

  /**
   * One scrape in the classic text format. Counters, histograms and summaries are sums over all workers, dead ones
   * included; gauges carry a `worker` label unless the metric names another aggregator.
   */
  async metrics(): Promise<string> {
    const cluster = this.joined();
    const peers = await cluster.ask();
    const report = await cluster.report(peers);
    this.keepHouse(peers);
    return report;
  }

  /** The running workers by slot; of a slot that is being reloaded, the newer one. */
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
    const cluster = new WorkerCluster(worker, directory, store, this.config.timeoutMs);
    this.local = new LocalWorker(worker, store, this.config);
    await this.local.start(cluster.socketOf(worker));
    this.cluster = cluster;
    // A worker that crashes again and again, and is never scraped, must not pile up snapshots.
    this.keepHouse(cluster.ask());
  }

  /** After the last request has been answered, so that the last snapshot is complete. */
  async onApplicationShutdown(): Promise<void> {
    await this.local?.stop();
    await this.housekeeping;
    if (!this.placement.isShared) {
      await this.cluster?.remove();
    }
  }

  private joined(): WorkerCluster {
    if (!this.cluster) {
      throw new Error('ClusterMetricsService can be used once the modules are initialised (onApplicationBootstrap)');
    }
    return this.cluster;
  }

  /** Nobody waits for it. */
  private keepHouse(peers: Peer[] | Promise<Peer[]>): void {
    this.housekeeping ??= this.retire(peers).finally(() => (this.housekeeping = undefined));
  }

  private async retire(peers: Peer[] | Promise<Peer[]>): Promise<void> {
    try {
      await this.cluster?.retire(await peers);
    } catch (error) {
      this.logger.warn(`Cannot merge the snapshots of dead workers; trying again later: ${(error as Error).message}`);
    }
  }
}

/** They can be collected once a process only, and the application may have done so itself. */
function collectDefaultsOnce(isWanted: boolean): void {
  if (isWanted && !register.getSingleMetric('process_cpu_seconds_total')) {
    collectDefaultMetrics();
  }
}
