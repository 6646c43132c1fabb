import cluster from 'node:cluster';
import { type DestinationStream, pino } from 'pino';
import { unheld } from '../shutdown/unheld.js';
import { WORKER } from '../worker.js';
import { CollectedLines, type LineOutput } from './collected-lines.js';
import { prettyStream } from './pretty-stream.js';

/** Lines that wait for a reader that has stalled. Beyond that they are lost: a log must not use up the memory of what it is for. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
/** A reader that has stalled must not hold up the end of the process. */
const FLUSH_MS = 1_000;

/** Where the lines of the log go. */
export interface LogStream extends DestinationStream {
  /** Resolves when all lines so far are written, or after a second. */
  flush(): Promise<void>;
}

/** Standard output, which does not keep the event loop waiting: for people on a terminal, and else for programs. */
export async function standardOutput(): Promise<LogStream> {
  const pretty = process.stdout.isTTY ? await prettyStream() : undefined;
  if (pretty) return { write: (line) => pretty.write(line), flush: () => Promise.resolve() };
  // In a worker of PM2, descriptor 1 leads to the output of PM2's daemon.
  const stream = new CollectedLines(cluster.isWorker ? process.stdout : asyncOutput());
  return {
    write: (line) => stream.write(line),
    flush: () => Promise.race([stream.flush(), unheld(FLUSH_MS)]),
  };
}

function asyncOutput(): LineOutput {
  // With a least length, sonic-boom knows when it has written everything.
  const stream = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: MOST_WAITING_BYTES });
  let lost = 0;
  stream.on('drop', (lines: string) => (lost += lines.split('\n').length - 1));
  stream.on('drain', () => {
    if (lost === 0) return;
    const line = { level: 'warn', time: new Date(), worker: WORKER, lost, msg: 'Lines were lost: nobody read them' };
    lost = 0;
    stream.write(`${JSON.stringify(line)}\n`);
  });
  // Nobody reads any more; Node would take the error for one of the gateway.
  stream.on('error', () => {});
  return {
    write: (lines, _encoding, done) => {
      stream.write(lines);
      if (done) stream.flush(() => done());
    },
  };
}
