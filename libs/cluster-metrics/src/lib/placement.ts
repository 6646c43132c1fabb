import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { identify, type ProcessIdentity } from './process-identity.js';
import { type Incarnation, incarnation } from './incarnation.js';

/** Which worker this process is, of which application, under which daemon. */
export interface Placement {
  worker: Incarnation;
  /** Name of the folder that the workers of this application share: `<daemon's pid>.<its start>.<application>`. */
  folder: string;
  /** Whether there can be other workers. A process without any removes its folder when it ends. */
  isShared: boolean;
}

/**
 * Finds the placement of this process.
 *
 * @param application name of the application; by default the one that PM2 gives
 * @throws Error if `NODE_APP_INSTANCE` is not a whole number
 */
export function locate(application?: string, env: NodeJS.ProcessEnv = process.env): Placement {
  // The parent of a worker is PM2's daemon or the cluster's primary. Counters are kept for as long as that process lives.
  const isShared = cluster.isWorker || env['pm_id'] !== undefined;
  const name = (application ?? (env['pm_id'] !== undefined && env['name'])) || 'app';
  const daemon = identify(isShared ? process.ppid : process.pid) ?? { pid: process.ppid, startTicks: 0 };
  return {
    worker: incarnation(slotOf(env), Math.round(performance.timeOrigin), process.pid),
    // Applications in one process share its registry. In one folder they would count each metric several times.
    folder: folderName(daemon, isShared ? name : `${name}.${randomUUID().slice(0, 8)}`),
    isShared,
  };
}

function slotOf(env: NodeJS.ProcessEnv): number {
  // PM2's `instance_var` can rename NODE_APP_INSTANCE; pm_id is stable over restarts too.
  const slot = env['NODE_APP_INSTANCE'] ?? env['pm_id'] ?? cluster.worker?.id ?? 0;
  if (!/^\d+$/.test(String(slot))) {
    throw new Error(
      `NODE_APP_INSTANCE must be a whole number, not "${slot}": unset it, or let PM2 set it (its option instance_var)`,
    );
  }
  return Number(slot);
}

function folderName({ pid, startTicks }: ProcessIdentity, name: string): string {
  return `${pid}.${startTicks}.${encodeURIComponent(name)}`;
}

/** The daemon whose process id and start are in a folder's name; undefined for any other name. */
export function daemonOf(folder: string): ProcessIdentity | undefined {
  const [, pid, startTicks] = /^(\d+)\.(\d+)\./.exec(folder) ?? [];
  return startTicks === undefined ? undefined : { pid: Number(pid), startTicks: Number(startTicks) };
}
