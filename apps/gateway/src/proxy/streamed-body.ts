import { Transform, type TransformCallback } from 'node:stream';
import { ProblemError } from './problem.js';
import { bodyTimeout, bodyTooLarge } from './problems.js';
import { BodyTimeoutError } from './upstream-problem.js';

/** Lets a body through, keeps it while it is short, and stops it when it is too long or nothing moves. */
export class StreamedBody extends Transform {
  /** The whole body, once it has ended and if it was short. */
  all?: Buffer;
  private chunks: Buffer[] | undefined = [];
  private size = 0;
  private readonly silence?: NodeJS.Timeout;

  constructor(
    private readonly keepBytes: number,
    private readonly limitBytes: number,
    silenceMs: number,
  ) {
    super();
    // Whoever sends the body hears of its errors; later ones concern nobody.
    this.on('error', () => {});
    if (silenceMs > 0) this.silence = setTimeout(() => this.giveUp(), silenceMs);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.silence?.refresh();
    this.size += chunk.length;
    if (this.size > this.limitBytes) return done(new ProblemError(bodyTooLarge(this.limitBytes)));
    if (this.size > this.keepBytes) this.chunks = undefined;
    this.chunks?.push(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.all = this.chunks && Buffer.concat(this.chunks);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.silence);
    done(error);
  }

  /** Bytes that wait here are the upstream's delay, and none the caller's. Neither notices when the other has gone. */
  private giveUp(): void {
    this.destroy(this.readableLength > 0 ? new BodyTimeoutError() : new ProblemError(bodyTimeout()));
  }
}
