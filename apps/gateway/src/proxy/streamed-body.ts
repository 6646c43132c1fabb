import { Transform, type TransformCallback } from 'node:stream';
import { PeerTimeout } from '../peer-timeout.js';
import { ProblemError } from './problem.js';
import { bodyTimeout, bodyTooLarge } from './problems.js';
import { BodyTimeoutError } from './upstream-problem.js';

/** Pieces below this are joined: each costs a write to the upstream, and a caller may send a body byte by byte. */
const SMALL_BYTES = 1_024;
/** Joined pieces are sent on from this on, or when nothing more came with them. */
const JOINED_BYTES = 16 * 1024;

/** Streams a body. It keeps a copy of a short one, and fails when the body is too long or when no byte moves for too long. */
export class StreamedBody extends Transform {
  /** The whole body, after its end, if it was short enough to keep. */
  all?: Buffer;
  private chunks: Buffer[] | undefined = [];
  private size = 0;
  private small: Buffer[] = [];
  private smallBytes = 0;
  private sending?: NodeJS.Immediate;
  private readonly silence?: PeerTimeout;

  /**
   * @param keepBytes longest body that is kept
   * @param limitBytes longest body that is allowed
   * @param silenceMs longest time without a byte, in ms; 0 for no limit
   */
  constructor(
    private readonly keepBytes: number,
    private readonly limitBytes: number,
    silenceMs: number,
  ) {
    super();
    // The sender of the body handles its errors. An error after that has no listener, and Node would throw it.
    this.on('error', () => {});
    if (silenceMs > 0) this.silence = new PeerTimeout(silenceMs, () => this.giveUp());
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.silence?.refresh();
    this.size += chunk.length;
    if (this.size > this.limitBytes) return done(new ProblemError(bodyTooLarge(this.limitBytes)));
    if (this.size > this.keepBytes) this.chunks = undefined;
    this.chunks?.push(chunk);
    this.small.push(chunk);
    this.smallBytes += chunk.length;
    if (chunk.length >= SMALL_BYTES || this.smallBytes >= JOINED_BYTES) return done(null, this.joined());
    this.sending ??= setImmediate(() => this.sendJoined());
    done();
  }

  override _read(size: number): void {
    this.silence?.refresh();
    this.sendJoined();
    super._read(size);
  }

  override _flush(done: TransformCallback): void {
    if (this.smallBytes > 0) this.push(this.joined());
    this.all = this.chunks && Buffer.concat(this.chunks);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.silence?.clear();
    clearImmediate(this.sending);
    done(error);
  }

  /** Sends on what has come so far, unless the upstream has enough to read; it asks for more then. */
  private sendJoined(): void {
    if (this.smallBytes > 0 && this.readableLength < this.readableHighWaterMark) this.push(this.joined());
  }

  private joined(): Buffer {
    clearImmediate(this.sending);
    this.sending = undefined;
    const joined = this.small.length === 1 ? this.small[0]! : Buffer.concat(this.small);
    this.small = [];
    this.smallBytes = 0;
    return joined;
  }

  /**
   * Ends the body after a silence. Bytes that wait in the buffer show that the upstream does not read (504); an empty buffer shows
   * that the caller does not send (408).
   */
  private giveUp(): void {
    this.destroy(this.readableLength > 0 ? new BodyTimeoutError() : new ProblemError(bodyTimeout()));
  }
}
