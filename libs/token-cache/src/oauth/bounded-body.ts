import { gunzipSync } from 'node:zlib';
import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';

const MAX_BODY_BYTES = 1024 * 1024;
/** The first bytes of a gzip file (RFC 1952), which no JSON and no form begins with. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Reads a body as text, up to 1 MiB: the length of an answer is chosen by the server. One that is compressed is unpacked, since
 * proxies drop the header that says so.
 *
 * @throws TokenResponseInvalidError when the body is longer
 */
export async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // An exit from the loop cancels the body, which closes the connection.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return (body.subarray(0, GZIP.length).equals(GZIP) ? unpacked(body) : body).toString('utf8');
}

function unpacked(body: Buffer): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong();
    // Not a whole gzip file, and so nothing that can be read either.
    return body;
  }
}

function tooLong(): TokenResponseInvalidError {
  return new TokenResponseInvalidError(
    `The answer is longer than ${MAX_BODY_BYTES} bytes: check that the URL is that of a token endpoint or issuer`,
  );
}
