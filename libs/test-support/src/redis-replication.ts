import { type Redis } from 'ioredis';
import { infoOf } from './redis-admin.js';
import { waitFor } from './wait-for.js';

/** A master waits for 5 s otherwise, in case more replicas come. */
export const PROMPT_REPLICATION = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

/** Resolves when every replica has all that was written to its master so far. */
export async function replicated(master: Redis, replicas: number): Promise<void> {
  await waitFor(async () => (await master.wait(replicas, 500)) >= replicas, {
    description: 'the replicas to catch up',
  });
}

/** What is written to the master from now on reaches no replica: each is cut off and cannot log in again. */
export async function cutReplication(master: Redis, replicas: readonly Redis[]): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.config('SET', 'masterauth', 'wrong')));
  // A replica that is about to connect has the right password still.
  await waitFor(async () => {
    await master.client('KILL', 'TYPE', 'replica');
    return (await infoOf(master, 'connected_slaves')) === '0' && (await allDown(replicas));
  });
}

/** Lets those log in again that run; one that was restarted can anyway. */
export async function mendReplication(replicas: readonly Redis[]): Promise<void> {
  await Promise.allSettled(replicas.map((replica) => replica.config('SET', 'masterauth', '')));
}

async function allDown(replicas: readonly Redis[]): Promise<boolean> {
  const states = await Promise.all(replicas.map((replica) => infoOf(replica, 'master_link_status')));
  return states.every((state) => state === 'down');
}
