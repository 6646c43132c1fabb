import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type RunningParts, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { openClient } from '../contenders/ours.js';
import { processorNs } from '../harness/contest.js';
import { spreadOf } from '../harness/spread.js';
import { runScript } from '../scripts/run-script.js';
import { EVENT } from './redis-costs.js';

/** Of this measurement alone, so that its events reach nobody else. */
const NAMESPACE = 'hearing';
const EVENTS = 1_000;
const ROUNDS = 5;
const IN_HAND = 20_000;

/** What a process needs to hear an event of a key that it does not have, in µs: the difference to events that it does not hear. */
export async function hearUs(redisUrl: string, running: RunningParts): Promise<number> {
  const [publisher, redis] = [new Redis(redisUrl), new Redis(redisUrl)];
  running.onStop(() => [publisher, redis].forEach((one) => one.disconnect()));
  const store = new RedisTokenStore(redis, { namespace: NAMESPACE });
  openClient({ running }, store);
  let heard = 0;
  store.events.subscribe({ event: () => heard++, up() {}, down() {} });
  await waitFor(async () => (await publisher.pubsub('NUMSUB', `${NAMESPACE}:events`))[1] === 1);
  const usOf = async (channel: string): Promise<number> => {
    const startedAt = processorNs();
    for (let event = 0; event < EVENTS; event++) await publisher.publish(channel, EVENT);
    return (processorNs() - startedAt) / 1e3 / EVENTS;
  };
  const samples: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const unheard = await usOf(`${NAMESPACE}:nobody`);
    const both = await usOf(`${NAMESPACE}:events`);
    if (round > 0) samples.push(both - unheard);
  }
  await waitFor(() => heard === EVENTS * (ROUNDS + 1));
  return Math.max(0, spreadOf(samples).median);
}

/** What a token in hand weighs in a process. */
export async function inHandBytes(): Promise<number> {
  const { bytes } = await runScript<{ bytes: number }>('keys-in-hand', [String(IN_HAND)]);
  return bytes;
}
