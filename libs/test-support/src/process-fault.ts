import { join } from 'node:path';

/** What befalls one process alone, for `forMs`. */
export type ProcessFault =
  /** Its event loop is busy. */
  | { readonly kind: 'stall'; readonly forMs: number }
  /** Its machine is suspended: it stands still, and so does its monotonic clock. */
  | { readonly kind: 'suspend'; readonly forMs: number }
  /** Its connections to that port are refused. */
  | { readonly kind: 'refuse'; readonly port: number; readonly forMs: number };

/** What the process counted meanwhile. */
export interface ProcessFaultReport {
  /** Connections that were refused. */
  readonly refused: number;
}

/** Node and PM2 have no use for this one without a terminal, and a process that does not listen to it ignores it. */
export const FAULT_SIGNAL = 'SIGWINCH';
/** Names the folder of the files by which both sides speak. */
export const FAULTS_DIRECTORY = 'PROCESS_FAULTS_DIRECTORY';

/** Where a process finds its fault, and where it tells of its end. */
export function faultFiles(directory: string, pid: number): { fault: string; report: string } {
  return { fault: join(directory, `${pid}.fault.json`), report: join(directory, `${pid}.report.json`) };
}
