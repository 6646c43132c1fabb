import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Reads a body as text, up to 1 MiB: the length of an answer is chosen by the server.
 *
 * @throws TokenResponseInvalidError when the body is longer
 */
export async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // An exit from the loop cancels the body, which closes the connection.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new TokenResponseInvalidError(
        `The answer is longer than ${MAX_BODY_BYTES} bytes: check that the URL is that of a token endpoint or issuer`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
