import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import {
  FAULT_SIGNAL,
  FAULTS_DIRECTORY,
  faultFiles,
  type ProcessFault,
  type ProcessFaultReport,
} from './process-fault.js';

const monotonicMs = performance.now.bind(performance);
const monotonicNs = process.hrtime.bigint.bind(process.hrtime);
const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;
const files = faultFiles(process.env[FAULTS_DIRECTORY] ?? '', process.pid);

let asleepMs = 0;
let refusedPort: number | undefined;
let refused = 0;

performance.now = () => monotonicMs() - asleepMs;
process.hrtime.bigint = () => monotonicNs() - BigInt(Math.round(asleepMs * 1e6));

Reflect.set(Socket.prototype, 'connect', function (this: Socket, ...args: unknown[]): Socket {
  const port = portOf(args);
  if (refusedPort === undefined || port !== refusedPort) return connect.apply(this, args);
  refused++;
  const error = Object.assign(new Error(`connect ECONNREFUSED port ${port}`), { code: 'ECONNREFUSED', port });
  process.nextTick(() => this.destroy(error));
  return this;
});

process.on(FAULT_SIGNAL, () => suffer(JSON.parse(readFileSync(files.fault, 'utf8')) as ProcessFault));

function suffer(fault: ProcessFault): void {
  switch (fault.kind) {
    case 'stall':
      stall(fault.forMs);
      return report();
    case 'suspend':
      suspend(fault.forMs);
      return report();
    case 'refuse':
      refused = 0;
      refusedPort = fault.port;
      setTimeout(() => {
        refusedPort = undefined;
        report();
      }, fault.forMs);
  }
}

function stall(forMs: number): void {
  const since = monotonicMs();
  while (monotonicMs() - since < forMs);
}

/**
 * Nothing of the program runs between the sleep and the correction of its clock. Timers go by the clock of the event loop, which
 * cannot be corrected from here: those that are due by the time of the sleep fire at its end, and so early by their own clock.
 */
function suspend(forMs: number): void {
  const since = monotonicMs();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
  asleepMs += monotonicMs() - since;
}

function report(): void {
  writeFileSync(`${files.report}.new`, JSON.stringify({ refused } satisfies ProcessFaultReport));
  // In one step, since the other side looks for it all the time.
  renameSync(`${files.report}.new`, files.report);
}

/** `net.connect` hands over its arguments as one array, with the options first. */
function portOf([first]: readonly unknown[]): number | undefined {
  const target: unknown = Array.isArray(first) ? first[0] : first;
  const port = typeof target === 'object' && target !== null && 'port' in target ? target.port : target;
  return port === undefined ? undefined : Number(port);
}
