import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { decode, encode, type Family } from './family.js';

/**
 * How a worker answered: `up` with its metrics; `silent` if the answer was late or cut short; `gone` if no process listens on
 * its socket.
 */
export type Answer = { state: 'up'; families: Family[] } | { state: 'silent' } | { state: 'gone' };

/**
 * Answers each connection to a Unix socket with the metrics. The server does not keep the process alive.
 *
 * @throws Error if the path is in use
 */
export async function serve(path: string, answer: () => Promise<Family[]>): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    answer().then(
      (families) => socket.end(encode(families)),
      () => socket.destroy(),
    );
  });
  // Without `exclusive` a cluster worker listens through the primary. PM2 would take that for the application's own port,
  // and in a reload it would kill the old worker before the new one serves.
  server.listen({ path, exclusive: true }).unref();
  await once(server, 'listening');
  return server;
}

/** The longest path of a Unix socket: the size of `sun_path` (unix(7)) less its terminating zero. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** @throws Error if the path is longer than the system allows, naming the options that shorten it */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(
      `The path of a socket has ${MAX_PATH_BYTES} bytes at most, and ${path} is longer: ` +
        'choose a shorter "directory" or "application" for ClusterMetricsModule',
    );
  }
}

/** Asks the worker that listens on a Unix socket for its metrics. */
export async function ask(path: string, timeoutMs: number): Promise<Answer> {
  try {
    const socket = connect({ path, signal: AbortSignal.timeout(timeoutMs) });
    return { state: 'up', families: decode(await text(socket)) };
  } catch (error) {
    return { state: isGone(error) ? 'gone' : 'silent' };
  }
}

/** Waits for the metrics of this process itself: late or failed, they count as those of another worker would. */
export async function answerWithin(collected: Promise<Family[]>, timeoutMs: number): Promise<Answer> {
  const over = new AbortController();
  const silent: Answer = { state: 'silent' };
  const answer = collected.then(
    (families): Answer => ({ state: 'up', families }),
    () => silent,
  );
  try {
    return await Promise.race([answer, delay(timeoutMs, silent, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

/** Whether no process listens. Any other error (a full backlog, no file descriptor left) may pass. */
function isGone(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
