import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Family } from './family.js';
import { type Incarnation } from './incarnation.js';
import { merge, newestPerSlot, render } from './merge.js';
import { isRunning } from './process-identity.js';
import { type Snapshot, type SnapshotStore } from './snapshot-store.js';
import { type Answer, ask } from './worker-socket.js';

/** A worker and its answer. */
export interface Peer {
  worker: Incarnation;
  answer: Answer;
}

/** All workers of the application, seen from one of them. */
export class WorkerCluster {
  /** @param askSelf the answer of this worker itself, which needs no socket */
  constructor(
    private readonly self: Incarnation,
    private readonly askSelf: () => Promise<Answer>,
    private readonly directory: string,
    private readonly store: SnapshotStore,
    private readonly timeoutMs: number,
  ) {}

  /** Asks all workers, this one included, for their metrics; takes `timeoutMs` at most. */
  async ask(): Promise<Peer[]> {
    const others = (await this.store.incarnations()).filter(({ id }) => id !== this.self.id);
    const asked = others.map(async (worker) => ({
      worker,
      answer: await ask(this.socketOf(worker), this.timeoutMs),
    }));
    return Promise.all([this.askSelf().then((answer) => ({ worker: this.self, answer })), ...asked]);
  }

  /**
   * Writes one scrape in the classic text format. It reads the store after the workers have answered: a worker that answered
   * and then died may have been retired, and is then counted in the total. An answer is used only if the worker still has a
   * snapshot of its own, so that nothing is counted twice.
   */
  async report(peers: Peer[]): Promise<string> {
    const answers = answersOf(peers);
    const { snapshots, retired } = await this.store.read(answers);
    const contributions = this.withSelf(snapshots, answers).map((snapshot) => ({
      ...snapshot,
      live: answers.has(snapshot.worker.id),
    }));
    return render([...(await merge(contributions, retired)), workerUp(peers)]);
  }

  /** Adds this worker if it could not save a snapshot yet (a full disk): its answer must be reported all the same. */
  private withSelf(snapshots: Snapshot[], answers: ReadonlyMap<string, Family[]>): Snapshot[] {
    const isSaved = snapshots.some(({ worker }) => worker.id === this.self.id);
    return isSaved ? snapshots : [...snapshots, { worker: this.self, families: answers.get(this.self.id) ?? [] }];
  }

  /**
   * Merges the snapshots of workers that have ended: the socket refuses connections, and no process with that id runs. A
   * process that still runs may still answer, so its snapshot is not final.
   */
  async retire(peers: Peer[]): Promise<void> {
    const gone = peers.filter(({ worker, answer }) => answer.state === 'gone' && !isRunning(worker.pid));
    await this.store.retire(gone.map(({ worker }) => worker));
  }

  /** Removes all files of the application. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Path of a worker's Unix socket. */
  socketOf({ id }: Incarnation): string {
    return join(this.directory, `${id}.sock`);
  }
}

/** The newest running worker of each slot, sorted by slot. */
export function running(peers: Peer[]): Peer[] {
  return newestPerSlot(peers.filter(({ answer }) => answer.state !== 'gone')).sort(
    (a, b) => a.worker.slot - b.worker.slot,
  );
}

/** What the workers answered, by id. */
function answersOf(peers: Peer[]): ReadonlyMap<string, Family[]> {
  return new Map(
    peers.flatMap(({ worker, answer }) => (answer.state === 'up' ? [[worker.id, answer.families] as const] : [])),
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
