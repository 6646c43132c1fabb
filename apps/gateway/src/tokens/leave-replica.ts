/** A server that stays a replica is left no more often than this. */
const EVERY_MS = 1_000;

/**
 * For `reconnectOnError` of ioredis. A managed Redis replaces its master behind one address, and the old one lives on as a
 * replica: only a new connection leads to the new master.
 */
export function leaveReplica(): (error: Error) => boolean {
  let leftAt = -Infinity;
  return ({ message }) => {
    if (!message.includes('READONLY') || performance.now() - leftAt < EVERY_MS) return false;
    leftAt = performance.now();
    return true;
  };
}
