import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import { type IdentityProviderFetch } from './oauth-client.options.js';
import { reasonOf } from './source-errors.js';

/** Failures of a connection that the other end has closed. */
const LOST = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
/** Answers that `Response` allows no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Sends each request on a connection that is not kept, and once more when the connection was lost before the answer began: a
 * token request can be repeated, since it uses nothing up. Tokens are so rare that a server closes kept connections meanwhile.
 */
export function identityProviderFetch(fetch: IdentityProviderFetch = verifiedFetch): IdentityProviderFetch {
  return async (url, init) => {
    const request = { ...init, headers: { ...plainForm(init.headers as Record<string, string>), connection: 'close' } };
    try {
      return await fetch(url, request);
    } catch (error) {
      if (init.signal?.aborted || !LOST.includes(reasonOf(error))) throw error;
      return fetch(url, request);
    }
  };
}

/** The type of a form has no `charset` (URL Standard), and some servers refuse one. oauth4webapi adds it. */
function plainForm({ 'content-type': type, ...others }: Record<string, string>): Record<string, string> {
  return type === undefined ? others : { ...others, 'content-type': type.split(';')[0]! };
}

/**
 * A `fetch` on a new connection, which follows no redirects. The certificate is verified even where
 * `NODE_TLS_REJECT_UNAUTHORIZED=0` turns that off for the rest of the process; `NODE_EXTRA_CA_CERTS` counts.
 */
async function verifiedFetch(url: string, init: RequestInit): Promise<Response> {
  const answer = await answerTo(url, init);
  const { statusCode = 0, headersDistinct } = answer;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const body = WITHOUT_BODY.includes(statusCode) ? null : (Readable.toWeb(decoded(answer)) as ReadableStream);
  if (!body) answer.resume();
  return new Response(body, { status: statusCode, headers });
}

function answerTo(url: string, { method, headers, body, signal }: RequestInit): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, {
      method,
      headers: headers as Record<string, string>,
      signal: signal ?? undefined,
      agent: false,
      rejectUnauthorized: true,
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body ? (body as URLSearchParams).toString() : undefined);
  });
}

function decoded(answer: IncomingMessage): Readable {
  const decoder = decoderOf(answer.headers['content-encoding']);
  // A failure ends the decoder with the same error, which its reader gets.
  return decoder ? pipeline(answer, decoder, () => undefined) : answer;
}

/** The names of RFC 9110 section 8.4.1, in any letters. A body that is compressed under no name is found by `readBody`. */
function decoderOf(encoding = '') {
  if (/^br$/i.test(encoding)) return createBrotliDecompress();
  return /^(?:x-)?gzip$|^deflate$/i.test(encoding) ? createUnzip() : undefined;
}
