import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The body as text; whoever answers decides how long it is, so reading stops at 1 MiB.
 *
 * @throws TokenResponseInvalidError when it is longer
 */
export async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body and thus closes the connection.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new TokenResponseInvalidError(`The answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as a JSON object; undefined when it is something else. */
export async function readJsonObject(response: Response): Promise<Record<string, unknown> | undefined> {
  const body = await readBody(response);
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}
