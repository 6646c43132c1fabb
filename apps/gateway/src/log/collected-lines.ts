import { type DestinationStream } from 'pino';

/** Lines of this time are written together. */
const COLLECT_MS = 10;

/** Takes text; `done` is called when it and all before it is written. */
export interface LineOutput {
  write(lines: string, encoding: 'utf8', done?: () => void): void;
}

/**
 * Writes the lines of a moment together: a system call for each line of a busy gateway would cost more than to make the line. PM2's
 * cluster mode needs it too: it replaces `process.stdout.write`, whose every call goes to the log file and to the daemon, which takes
 * a line that comes in two calls for two.
 */
export class CollectedLines implements DestinationStream {
  private lines = '';
  private timer?: NodeJS.Timeout;

  constructor(private readonly output: LineOutput) {}

  write(line: string): void {
    this.lines += line;
    this.timer ??= setTimeout(() => this.pass(), COLLECT_MS);
  }

  /** Resolves when the lines so far are written. */
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
