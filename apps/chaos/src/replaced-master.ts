import { type Redis } from 'ioredis';
import { type Fleet } from './fleet.js';
import { monotonicMs } from './monotonic.js';

/** Resolves when there is a new master and the whole fleet writes to it. */
export async function replaced(
  fleet: Fleet,
  promotion: Promise<unknown>,
): Promise<{ promotedMs: number; recoveryMs: number }> {
  const startedAt = monotonicMs();
  await promotion;
  const promotedMs = Math.round(monotonicMs() - startedAt);
  return { promotedMs, recoveryMs: await fleet.untilStoreIsBack() };
}

/** How many workers hear events from these servers. */
export async function subscribers(servers: readonly Redis[]): Promise<number> {
  const lists = await Promise.all(servers.map((server) => server.client('LIST', 'TYPE', 'PUBSUB')));
  return String(lists).match(/name=token-events/g)?.length ?? 0;
}
