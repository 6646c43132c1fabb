import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Family } from './family.js';
import { type Incarnation } from './incarnation.js';
import { merge, newestPerSlot, render } from './merge.js';
import { isRunning } from './process-identity.js';
import { type Snapshot, type SnapshotStore } from './snapshot-store.js';
import { type Answer, ask } from './worker-socket.js';

/** A worker, and what it answered. */
export interface Peer {
  worker: Incarnation;
  answer: Answer;
}

/** All workers of the application, as any of them sees them. */
export class WorkerCluster {
  constructor(
    private readonly self: Incarnation,
    private readonly directory: string,
    private readonly store: SnapshotStore,
    private readonly timeoutMs: number,
  ) {}

  /** Asks all workers for their metrics, the asking one among them, and waits no longer than the limit. */
  async ask(): Promise<Peer[]> {
    const others = (await this.store.incarnations()).filter(({ id }) => id !== this.self.id);
    const asked = [this.self, ...others].map(async (worker) => ({
      worker,
      answer: await ask(this.socketOf(worker), this.timeoutMs),
    }));
    return Promise.all(asked);
  }

  /**
   * Writes one scrape. Read after the workers answered: of a worker that died meanwhile, the answer may be in the total
   * already, and only a worker that still has a snapshot of its own is not.
   */
  async report(peers: Peer[]): Promise<string> {
    const { snapshots, retired } = await this.store.read();
    const contributions = this.withSelf(snapshots).map(({ worker, families }) => {
      const answer = peers.find((peer) => peer.worker.id === worker.id)?.answer;
      return answer?.state === 'up'
        ? { worker, families: answer.families, live: true }
        : { worker, families, live: false };
    });
    return render([...(await merge(contributions, retired)), workerUp(peers)]);
  }

  /** Who could save nothing yet, because the disk is full, has something to tell all the same. */
  private withSelf(snapshots: Snapshot[]): Snapshot[] {
    const isSaved = snapshots.some(({ worker }) => worker.id === this.self.id);
    return isSaved ? snapshots : [...snapshots, { worker: this.self, families: [] }];
  }

  /** Adds up the snapshots of those who are gone for good: nobody listens, and no such process runs that could start to. */
  async retire(peers: Peer[]): Promise<void> {
    const gone = peers.filter(({ worker, answer }) => answer.state === 'gone' && !isRunning(worker.pid));
    await this.store.retire(gone.map(({ worker }) => worker));
  }

  /** Removes all that the workers have on disk. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  socketOf({ id }: Incarnation): string {
    return join(this.directory, `${id}.sock`);
  }
}

/** The newest running worker of each slot. */
export function running(peers: Peer[]): Peer[] {
  return newestPerSlot(peers.filter(({ answer }) => answer.state !== 'gone')).sort(
    (a, b) => a.worker.slot - b.worker.slot,
  );
}

function workerUp(peers: Peer[]): Family {
  return {
    name: 'cluster_worker_up',
    help: 'Whether the worker answered this scrape in time (1) or not (0).',
    type: 'gauge',
    aggregator: 'sum',
    values: running(peers).map(({ worker, answer }) => ({
      labels: { worker: String(worker.slot) },
      value: answer.state === 'up' ? 1 : 0,
    })),
  };
}
