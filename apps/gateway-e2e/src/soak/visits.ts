import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { Unexpected } from './causes.js';
import { type IntegrationName } from './policy.js';
import { type Chance } from '@mintonce/test-support/chance';
import { type RequestLog } from './request-log.js';

/** Longer than any body that is kept to be sent again. */
const LONG_BODY_BYTES = 150_000;
/** Ten of them are well above the safety margin of a token. */
const SLOW_PIECE_MS = 300;

/** What a visit throws whose caller left, as it meant to. */
export const LEFT = 'the caller left';

/** One way to use the gateway. */
export type Visit = (context: Context) => Promise<void>;

export interface Context {
  readonly url: string;
  readonly integration: IntegrationName;
  readonly dispatcher: Dispatcher;
  readonly chance: Chance;
  readonly log: RequestLog;
  readonly signal?: AbortSignal;
}

/** What callers do, each as often as it is named. */
export const VISITS: readonly (readonly [kind: string, visit: Visit])[] = [
  ['echo', echo],
  ['echo', echo],
  ['echo', echo],
  ['echo', echo],
  ['echo', echo],
  ['upload', (context) => upload(context, {})],
  ['streamed upload', (context) => upload(context, { isChunked: true, pauseMs: 5 })],
  ['download', download],
  ['stream', stream],
  ['leave', (context) => leave(context, context.chance.pick([echo, stream, download]))],
  ['leave a streamed upload', (context) => leave(context, (own) => upload(own, { isChunked: true, pauseMs: 20 }))],
];

/** Sends a short body over some seconds, in which a token ends that was taken too early. */
export function dawdle(context: Context): Promise<void> {
  return upload(context, { pauseMs: SLOW_PIECE_MS });
}

async function echo({ url, integration, dispatcher, log, signal }: Context): Promise<void> {
  const answer = await request(`${url}/proxy/${integration}/echo`, { dispatcher, ...(signal && { signal }) });
  const seen = await json(answer);
  log.saw(seen.credential.digest, integration);
}

async function upload(
  { url, integration, dispatcher, chance, log, signal }: Context,
  { isChunked = false, pauseMs = 0 }: { isChunked?: boolean; pauseMs?: number },
): Promise<void> {
  const sent = Buffer.alloc(chance.whole(1, isChunked ? LONG_BODY_BYTES : 20_000), `${chance.random()} `);
  const answer = await request(`${url}/proxy/${integration}/echo`, {
    method: 'POST',
    dispatcher,
    body: Readable.from(pieces(sent, pauseMs)),
    headers: isChunked ? {} : { 'content-length': String(sent.length) },
    ...(signal && { signal }),
  });
  const seen = await json(answer);
  if (seen.body.sha256 !== sha256(sent)) throw new Unexpected(answer.statusCode, 'another body');
  log.saw(seen.credential.digest, integration);
}

async function download({ url, integration, dispatcher, chance, signal }: Context): Promise<void> {
  const bytes = chance.whole(1, 1_000_000);
  const answer = await request(`${url}/proxy/${integration}/large?bytes=${bytes}`, {
    dispatcher,
    ...(signal && { signal }),
  });
  if (answer.statusCode !== 200) throw new Unexpected(answer.statusCode, await answer.body.text());
  const received = await answer.body.bytes();
  if (received.length !== bytes) throw new Unexpected(200, 'another length');
}

async function stream({ url, integration, dispatcher, signal }: Context): Promise<void> {
  const answer = await request(`${url}/proxy/${integration}/stream?chunks=4&delayMs=80`, {
    dispatcher,
    ...(signal && { signal }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Unexpected(answer.statusCode, text);
  if (text !== 'chunk 1\nchunk 2\nchunk 3\nchunk 4\n') throw new Unexpected(200, 'another stream');
}

/** Leaves at any moment: before the answer, in the middle of a body that goes up or comes down, or too late. */
async function leave(context: Context, way: Visit): Promise<void> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(LEFT), context.chance.whole(0, 250));
  try {
    await way({ ...context, signal: leaving.signal });
  } catch (error) {
    throw leaving.signal.aborted ? LEFT : error;
  } finally {
    clearTimeout(timer);
  }
}

interface Echo {
  credential: { digest: string };
  body: { sha256: string };
}

async function json({ statusCode, body }: Dispatcher.ResponseData): Promise<Echo> {
  const text = await body.text();
  if (statusCode !== 200) throw new Unexpected(statusCode, text);
  return JSON.parse(text) as Echo;
}

async function* pieces(body: Buffer, pauseMs: number): AsyncGenerator<Buffer> {
  const size = Math.ceil(body.length / 10);
  for (let from = 0; from < body.length; from += size) {
    yield body.subarray(from, from + size);
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
