import { type IncomingMessage } from 'node:http';
import { type Readable } from 'node:stream';
import { ProblemError } from './problem.js';
import { bodyTooLarge } from './problems.js';
import { StreamedBody } from './streamed-body.js';

export interface BodyLimits {
  /** A body up to this is kept, so that it can be sent again. */
  readonly retryBodyLimitBytes: number;
  /** A longer body is refused. */
  readonly bodyLimitBytes?: number;
  /** Longest silence within the body; 0 for any. */
  readonly silenceMs: number;
}

/** The body of a request on its way to the upstream. */
export interface RequestBody {
  /** What to send; null when there is nothing. */
  readonly content: Buffer | Readable | null;
  /** Of a stream, when the caller declared it. */
  readonly contentLength?: string;
  /** What to send again: undefined while, or because, it is not all there. */
  again(): Buffer | null | undefined;
  /** Lets go of what nobody will send any more. */
  discard(): void;
}

/**
 * Reads a short body of known length at once, and lets all others through as they come. Resolves when there is something to
 * send: a head is sent with the first bytes of its body, and what is in it must not be older than they are.
 *
 * @throws ProblemError when the declared length is above the limit, or when nothing comes in time
 */
export async function requestBody(request: IncomingMessage, limits: BodyLimits): Promise<RequestBody> {
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding } = request.headers;
  if (transferEncoding === undefined && (contentLength === undefined || contentLength === '0')) return kept(null);
  const { bodyLimitBytes = Infinity, retryBodyLimitBytes } = limits;
  const length = Number(contentLength);
  if (length > bodyLimitBytes) throw new ProblemError(bodyTooLarge(bodyLimitBytes));
  if (length <= retryBodyLimitBytes) return kept(await collect(request));
  // Never the request itself: undici destroys what it could not send to the end, and the caller's socket with it.
  const body = request.pipe(new StreamedBody(retryBodyLimitBytes, bodyLimitBytes, limits.silenceMs));
  await begun(body, request);
  return { content: body, contentLength, again: () => body.all, discard: () => void body.destroy() };
}

function kept(content: Buffer | null): RequestBody {
  return { content, again: () => content, discard: () => {} };
}

function begun(body: StreamedBody, request: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      if (request.complete) return;
      body.destroy();
      reject(new Error('The caller left'));
    };
    request.once('close', leave);
    body.once('error', reject).once('readable', () => {
      request.off('close', leave);
      resolve();
    });
  });
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('close', () => reject(new Error('The caller left')));
  });
}
