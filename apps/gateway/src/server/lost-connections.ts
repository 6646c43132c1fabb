import cluster from 'node:cluster';

interface InternalMessage {
  readonly cmd?: string;
}

/**
 * Tells when this worker of a cluster gets no connections any more. A connection that the primary hands to a process without a free
 * descriptor arrives without itself. Node's primary waits for its receipt without end, and hands over nothing before: the worker
 * would look well and serve nobody.
 *
 * @param givenUp called once
 */
export function watchLostConnections(givenUp: () => void): void {
  if (!cluster.isWorker) return;
  const listener = ({ cmd }: InternalMessage, handle: unknown): void => {
    if (cmd !== 'NODE_HANDLE' || handle) return;
    process.off('internalMessage', listener);
    givenUp();
  };
  process.on('internalMessage', listener);
}
