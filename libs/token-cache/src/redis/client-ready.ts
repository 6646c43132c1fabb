import { type Cluster, type Redis } from 'ioredis';

type Client = Redis | Cluster;

/** One wait for all calls of a client: a client that connects for long must not gather a listener for each. */
const waits = new WeakMap<Client, Promise<void>>();

/**
 * Resolves when a client has connected or has ended for good; `undefined` if either is so already. Rejects with the error of a
 * connection that failed, which tells what to mend, as a refused password does. A lazy client is told to connect, as its first
 * command would tell it.
 *
 * Without an offline queue a client refuses every command until it is ready, though Redis is up. With one, a command that was
 * given up meanwhile would still be sent.
 */
export function whenReady(client: Client): Promise<void> | undefined {
  if (client.status === 'ready' || client.status === 'end') return undefined;
  // Its 'error' and 'end' events tell of a failure.
  if (client.status === 'wait') client.connect().catch(() => {});
  let wait = waits.get(client);
  if (!wait) {
    waits.set(client, (wait = readyOrEnd(client)));
    // The calls that waited may all have been given up.
    wait.catch(() => {});
  }
  return wait;
}

function readyOrEnd(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      for (const event of ['ready', 'end', 'error']) client.off(event, settle);
      waits.delete(client);
      if (error instanceof Error) reject(error);
      else resolve();
    };
    for (const event of ['ready', 'end', 'error']) client.once(event, settle);
  });
}
