import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Credential } from './credential.js';
import { sendJson } from './http.js';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly credential: Credential;
}

type Route = (exchange: Exchange) => void | Promise<void>;

const CHUNK_BYTES = 64 * 1024;

const ROUTES: readonly (readonly [RegExp, Route])[] = [
  [/^\/echo(\/|$)/, echo],
  [/^\/status\/[2-5]\d\d$/, status],
  [/^\/slow$/, slow],
  [/^\/large$/, large],
  [/^\/stream$/, stream],
  [/^\/sse$/, serverSentEvents],
];

/** Answers a request whose token is active. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  credential: Credential,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://upstream');
  const [, route = notFound] = ROUTES.find(([pattern]) => pattern.test(url.pathname)) ?? [];
  await route({ request, response, url, credential });
}

/** Answers with the request as it arrived, without the token. */
async function echo({ request, response, credential }: Exchange): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const headers = { ...request.headers, authorization: '[present]' };
  const body = { bytes, sha256: hash.digest('hex') };
  sendJson(response, 200, { method: request.method, path: request.url, headers, body, credential });
}

/** `/status/503?retryAfter=7` */
function status({ request, response, url }: Exchange): void {
  request.resume();
  const retryAfter = url.searchParams.get('retryAfter');
  if (retryAfter) response.setHeader('Retry-After', retryAfter);
  const code = Number(url.pathname.slice('/status/'.length));
  if ([204, 205, 304].includes(code)) response.writeHead(code).end();
  else sendJson(response, code, { status: code });
}

/** `/slow?ms=1000` */
async function slow({ request, response, url }: Exchange): Promise<void> {
  request.resume();
  const ms = numberFrom(url, 'ms', 1_000);
  await sleep(ms);
  sendJson(response, 200, { ms });
}

/** `/large?bytes=1000000` */
async function large({ request, response, url }: Exchange): Promise<void> {
  request.resume();
  const bytes = numberFrom(url, 'bytes', 1_000_000);
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes });
  await send(response, chunksOf(bytes));
}

/** `/stream?chunks=5&delayMs=100` */
async function stream({ request, response, url }: Exchange): Promise<void> {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  await send(
    response,
    timed(url, 'chunks', (index) => `chunk ${index}\n`),
  );
}

/** `/sse?events=5&delayMs=100` */
async function serverSentEvents({ request, response, url }: Exchange): Promise<void> {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  await send(
    response,
    timed(url, 'events', (index) => `id: ${index}\ndata: event ${index}\n\n`),
  );
}

function notFound({ response, url }: Exchange): void {
  sendJson(response, 404, { error: `nothing at ${url.pathname}: try /echo` });
}

async function send(response: ServerResponse, chunks: AsyncIterable<string | Buffer>): Promise<void> {
  response.flushHeaders();
  await pipeline(Readable.from(chunks), response);
}

async function* timed(url: URL, countName: string, text: (index: number) => string): AsyncGenerator<string> {
  const count = numberFrom(url, countName, 5);
  const delayMs = numberFrom(url, 'delayMs', 100);
  for (let index = 1; index <= count; index++) {
    yield text(index);
    await sleep(index < count ? delayMs : 0);
  }
}

async function* chunksOf(bytes: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES, 'mintonce ');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) yield chunk.subarray(0, left);
}

function numberFrom(url: URL, name: string, fallback: number): number {
  const value = Number(url.searchParams.get(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 ? value : fallback;
}
