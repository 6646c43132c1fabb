/** An answer that is not the one that was asked for. */
export class Unexpected extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(`${status} ${problemCode(text)}`.trim());
  }
}

export const CONNECTION_LOST = 'connection lost';
export const NO_ANSWER = 'UND_ERR_HEADERS_TIMEOUT';
export const UNAUTHORIZED = '401 invalid_token';
export const SOURCE_UNAVAILABLE = '503 TOKEN_SOURCE_UNAVAILABLE';
export const SOURCE_REJECTED = '502 TOKEN_SOURCE_REJECTED';
export const RESPONSE_INVALID = '502 TOKEN_RESPONSE_INVALID';
export const UPSTREAM_FAILED = '502 GATEWAY_UPSTREAM_FAILED';
export const UPSTREAM_UNREACHABLE = '502 GATEWAY_UPSTREAM_UNREACHABLE';

/** How a connection ends that somebody broke off; within the chunks of a body, undici has no code for it. */
const BREAKS = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** What a caller heard, in few words, the same for all that are of one kind. */
export function causeOf(error: unknown): string {
  if (error instanceof Unexpected) return error.message;
  const { code, cause, message } = error as { code?: string; cause?: unknown; message?: string };
  if ((code && BREAKS.has(code)) || message?.includes('Invalid EOF state')) return CONNECTION_LOST;
  return code ?? (cause ? causeOf(cause) : (message ?? String(error)));
}

function problemCode(text: string): string {
  try {
    const { code, error, status } = JSON.parse(text) as { code?: string; error?: unknown; status?: number };
    return code ?? (typeof error === 'string' ? error : String(status ?? ''));
  } catch {
    return text.slice(0, 60);
  }
}
