import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { decode, encode, type Family } from './family.js';

/** How a worker answered: with its metrics, not in time (or cut short), or not at all because nobody listens any more. */
export type Answer = { state: 'up'; families: Family[] } | { state: 'silent' } | { state: 'gone' };

/**
 * Gives the metrics to whoever connects to the path. The server keeps no process alive.
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
  // Without `exclusive` a cluster worker listens through the primary, and PM2 takes that for the application's own port:
  // in a reload it then kills the old worker before the new one serves.
  server.listen({ path, exclusive: true }).unref();
  await once(server, 'listening');
  return server;
}

/** How long a socket's path may be: `sun_path` without its terminating zero. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** @throws Error if the system would cut the path short */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new Error(
      `The path of a socket has ${MAX_PATH_BYTES} bytes at most, which ${path} exceeds: ` +
        'choose a shorter "directory" or "application" for ClusterMetricsModule',
    );
  }
}

/** Asks the worker that listens on the path. */
export async function ask(path: string, timeoutMs: number): Promise<Answer> {
  try {
    const socket = connect({ path, signal: AbortSignal.timeout(timeoutMs) });
    return { state: 'up', families: decode(await text(socket)) };
  } catch (error) {
    return { state: isGone(error) ? 'gone' : 'silent' };
  }
}

/** Any other error (a full backlog, no file descriptor left) says nothing about the worker. */
function isGone(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
