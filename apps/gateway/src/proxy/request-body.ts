import { type IncomingMessage } from 'node:http';
import { type Readable } from 'node:stream';
import { PeerTimeout } from '../peer-timeout.js';
import { ProblemError } from './problem.js';
import { bodyTimeout, bodyTooLarge } from './problems.js';
import { StreamedBody } from './streamed-body.js';

/** Limits of a request body. */
export interface BodyLimits {
  /** A body up to this length is kept, so that it can be sent again. */
  readonly retryBodyLimitBytes: number;
  /** A longer body is refused. */
  readonly bodyLimitBytes?: number;
  /** Longest silence within a streamed body, and longest time that a body to keep takes, in ms; 0 for no limit. */
  readonly bodyMs: number;
}

/** The body of a request on its way to the upstream. */
export interface RequestBody {
  /** The body; null for a request without one. */
  readonly content: Buffer | Readable | null;
  /** Declared length of a stream; absent if the caller declared none. */
  readonly contentLength?: string;
  /** The body to send again; undefined if it has not arrived in full, or was too long to keep. */
  again(): Buffer | null | undefined;
  /** Releases a body that will not be sent any more. */
  discard(): void;
}

/**
 * Reads a short body of known length as a whole, and streams any other. Resolves when the first bytes have arrived: the header
 * is sent with them, and its token must not be older than they are.
 *
 * @param ask called before the body is waited for
 * @throws ProblemError when the declared length is above the limit, or when the body does not arrive in time
 */
export async function requestBody(request: IncomingMessage, limits: BodyLimits, ask: () => void): Promise<RequestBody> {
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding } = request.headers;
  if (transferEncoding === undefined && (contentLength === undefined || contentLength === '0')) return kept(null);
  const { bodyLimitBytes = Infinity, retryBodyLimitBytes } = limits;
  const length = Number(contentLength);
  if (length > bodyLimitBytes) throw new ProblemError(bodyTooLarge(bodyLimitBytes));
  ask();
  if (length <= retryBodyLimitBytes) return kept(await collect(request, limits.bodyMs));
  // undici destroys a stream that it could not send in full. If that were the request, the caller's socket would close.
  const body = request.pipe(new StreamedBody(retryBodyLimitBytes, bodyLimitBytes, limits.bodyMs));
  await begun(body, request);
  const discard = (): void => {
    request.unpipe(body);
    body.destroy();
    // The next request of the connection lies behind what the upstream did not wait for.
    request.resume();
  };
  return { content: body, contentLength, again: () => body.all, discard };
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

function collect(request: IncomingMessage, bodyMs: number): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timeout = bodyMs > 0 ? new PeerTimeout(bodyMs, () => reject(new ProblemError(bodyTimeout()))) : undefined;
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('close', () => {
      timeout?.clear();
      reject(new Error('The caller left'));
    });
  });
}
