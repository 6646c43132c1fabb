import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { TokenSourceRejectedError } from '@mintonce/token-cache';
import { Redis } from 'ioredis';
import { jwt } from '../contenders/jwt.js';
import { type Command, machineMs, type Message, type Order, type Outcome } from './messages.js';
import { type Get, SHARED_CACHES } from './shared-cache.js';

/** One process of a fleet: all contenders, each with connections of its own. */
const [redisUrl = '', sqlitePath = ''] = process.argv.slice(2);
const places = { connect: () => new Redis(redisUrl), sqlitePath };
const HITS_OF_A_TURN = 1_000;

let minting = { ms: 0, fails: false };
let mints: { endedAt: number }[] = [];

async function mint(): Promise<string> {
  const { ms, fails } = minting;
  send({ type: 'minting' });
  await sleep(ms);
  mints.push({ endedAt: machineMs() });
  if (fails) throw new TokenSourceRejectedError('the client is refused');
  return jwt();
}

const caches = new Map(Object.entries(SHARED_CACHES).map(([name, make]) => [name, make(mint, places)]));

async function obey(by: string, order: Order): Promise<Outcome> {
  const get = caches.get(by);
  if (!get) throw new Error(`there is no ${by}`);
  return order.do === 'burst' ? burst(get, order) : hits(get, order);
}

async function burst(get: Get, { key, callers, mintMs, fails }: Extract<Order, { do: 'burst' }>): Promise<Outcome> {
  minting = { ms: mintMs, fails };
  mints = [];
  let errors = 0;
  const caller = async (): Promise<number> => {
    await get(key).catch(() => errors++);
    return machineMs();
  };
  const endedAt = await Promise.all(Array.from({ length: callers }, caller));
  return { endedAt, mints, errors };
}

/** Callers of a server come in many turns of the event loop, between which the process hears of the others. */
async function hits(get: Get, { key, times }: Extract<Order, { do: 'hits' }>): Promise<Outcome> {
  minting = { ms: 0, fails: false };
  for (let time = 0; time < times; time++) {
    await get(key);
    if (time % HITS_OF_A_TURN === 0) await nextTurn();
  }
  return { endedAt: [machineMs()], mints: [], errors: 0 };
}

function send(message: Message): void {
  process.send?.(message);
}

process.on('message', ({ id, by, ...order }: Command) => {
  void obey(by, order).then((outcome) => send({ type: 'done', id, outcome }));
});
// A fleet that is gone leaves nobody behind.
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
