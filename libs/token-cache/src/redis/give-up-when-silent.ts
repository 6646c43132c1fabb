import { type Cluster, type Redis } from 'ioredis';

/** A connection that does not answer for this long is dead. */
const SILENCE_MS = 2_000;

/**
 * Asks each connection of a client every 2 s, and closes one that has not answered the last time; the client then connects anew.
 * It ends with the client, and keeps no process alive.
 *
 * A peer that vanished sends no FIN: its connection looks healthy for a quarter of an hour, and every command on it is lost.
 * ioredis' own timers are no help. That of `socketTimeout` outlives a connection that was reset, and then closes the next one;
 * that of `commandTimeout` fires after a stall of the event loop although the answer has arrived.
 */
export function giveUpWhenSilent(client: Redis | Cluster): void {
  const asked = new WeakSet<object>();
  const ask = (node: Redis): void => {
    const { stream, status } = node;
    if (status !== 'ready') return;
    if (asked.has(stream)) return void stream.destroy(new Error(`no answer within ${SILENCE_MS} ms`));
    asked.add(stream);
    const settle = (): boolean => asked.delete(stream);
    node.ping().then(settle, settle);
  };
  // Timers run before sockets are read, and immediates after that.
  const beat = setInterval(() => setImmediate(() => nodesOf(client).forEach(ask)), SILENCE_MS).unref();
  client.once('end', () => clearInterval(beat));
}

function nodesOf(client: Redis | Cluster): readonly Redis[] {
  return client.isCluster ? (client as Cluster).nodes() : [client as Redis];
}
