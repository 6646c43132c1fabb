import { type DestinationStream } from 'pino';

/** Lines of this time make one message to PM2's daemon. */
const COLLECT_MS = 10;

/**
 * Standard output of a worker in PM2's cluster mode. PM2 replaces `process.stdout.write`: each call goes to the log file and to the
 * daemon, which takes a line that comes in two calls for two. Descriptor 1 leads to the output of the daemon.
 */
export class Pm2Stream implements DestinationStream {
  private lines = '';
  private timer?: NodeJS.Timeout;

  constructor(private readonly output: Pick<NodeJS.WriteStream, 'write'> = process.stdout) {}

  write(line: string): void {
    this.lines += line;
    this.timer ??= setTimeout(() => this.pass(), COLLECT_MS);
  }

  /** Resolves when the lines so far are in the log file. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.pass(() => resolve()));
  }

  private pass(done?: () => void): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lines } = this;
    this.lines = '';
    this.output.write(lines, 'utf8', done);
  }
}
