import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { identify, type ProcessIdentity } from './process-identity.js';
import { type Incarnation, incarnation } from './incarnation.js';

/** Where this process stands: which worker it is, of which application, under which daemon. */
export interface Placement {
  worker: Incarnation;
  /** The folder that the workers of this application share, and nobody else. */
  folder: string;
  /** False where the process runs alone: then nothing needs to outlive it. */
  isShared: boolean;
}

/** @throws Error if NODE_APP_INSTANCE is not a number */
export function locate(application?: string, env: NodeJS.ProcessEnv = process.env): Placement {
  // PM2's daemon is the parent of its workers, as a cluster's primary is: counters live as long as it does.
  const isShared = cluster.isWorker || env['pm_id'] !== undefined;
  const name = (application ?? (env['pm_id'] !== undefined && env['name'])) || 'app';
  const daemon = identify(isShared ? process.ppid : process.pid) ?? { pid: process.ppid, startTicks: 0 };
  return {
    worker: incarnation(slotOf(env), Math.round(performance.timeOrigin), process.pid),
    // Several applications in one process share its registry, so each one alone is the whole.
    folder: folderName(daemon, isShared ? name : `${name}.${randomUUID().slice(0, 8)}`),
    isShared,
  };
}

function slotOf(env: NodeJS.ProcessEnv): number {
  // PM2 can be told to use another name (`instance_var`); its process ids are stable over restarts too.
  const slot = env['NODE_APP_INSTANCE'] ?? env['pm_id'] ?? cluster.worker?.id ?? 0;
  if (!/^\d+$/.test(String(slot))) {
    throw new Error(`NODE_APP_INSTANCE must be a whole number, not "${slot}"`);
  }
  return Number(slot);
}

function folderName({ pid, startTicks }: ProcessIdentity, name: string): string {
  return `${pid}.${startTicks}.${encodeURIComponent(name)}`;
}

/** The daemon that a folder belongs to. */
export function daemonOf(folder: string): ProcessIdentity | undefined {
  const [, pid, startTicks] = /^(\d+)\.(\d+)\./.exec(folder) ?? [];
  return startTicks === undefined ? undefined : { pid: Number(pid), startTicks: Number(startTicks) };
}
