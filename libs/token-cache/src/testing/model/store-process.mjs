// A process that calls a store on command: node store-process.mjs redis <socket> <namespace> | sqlite <path> <namespace>
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { parseKeyId } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';

const [kind, place, namespace] = process.argv.slice(2);
const client = kind === 'redis' ? new Redis(place) : undefined;
const store = client ? new RedisTokenStore(client, { namespace }) : new SqliteTokenStore({ path: place, namespace });
const systemNow = Date.now;
const systemMonotonic = process.hrtime.bigint;

const commands = {
  /** One call, at an instant that the test chose. */
  async call({ method, args, now }) {
    Date.now = now === undefined ? systemNow : () => now;
    // Both clocks are set: with a real monotonic clock, the store would see a wall clock that falls behind.
    process.hrtime.bigint = now === undefined ? systemMonotonic : () => BigInt(Math.round(now * 1_000_000));
    return store[method](...args);
  },
  contend,
};

process.on('message', async ({ id, command, ...order }) => {
  try {
    process.send({ id, answer: await commands[command](order) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', async () => {
  await store.close();
  client?.disconnect();
});
process.send({ id: 0 });

/** Contends for one key at full speed, at times late or without a commit; gives every call with its answer and its times. */
async function contend({ keyId, calls }) {
  const history = [];
  const late = [];
  let refused;
  while (history.length < calls) {
    const nonce = crypto.randomUUID();
    const refusedGeneration = oneOf(undefined, refused);
    const attempt = { nonce, leaseMs: oneOf(1, 5, 20, 1_000), minTtlMs: oneOf(0, 0, 1_000_000), refusedGeneration };
    const answer = await recorded('acquire', attempt);
    if (answer.outcome === 'lease') await use(answer.lease);
    if (answer.outcome === 'hit' && Math.random() < 0.3) await reject(answer.token.fence);
    if (late.length > 0 && Math.random() < 0.3) await oneOf(publish, offer)(late.shift());
    if (Math.random() < 0.02) await recorded(oneOf('purge', 'purgeGroup'));
    await recorded('peek');
    if (answer.outcome === 'wait') await sleep(Math.random() * 3);
  }
  return history;

  async function use(lease) {
    const fate = Math.random();
    if (fate < 0.1) return;
    if (fate < 0.2) return void late.push(lease);
    if (fate < 0.3) return void (await recorded('fail', lease, { remainingMs: 1, error: 'busy' }));
    if (fate < 0.4) await recorded('renew', { ...lease, leaseMs: 20 });
    // As a process would share what it minted without the store, while another one mints.
    if (fate > 0.5) await offer({ fence: lease.fence - 1 });
    await publish(lease);
    if (fate < 0.5) await publish(lease);
  }

  async function reject(generation) {
    const rejection = { generation, paceMs: 3, maxPaceMs: 10, isContested: oneOf(true, false, false) };
    const verdict = await recorded('invalidate', rejection);
    refused = verdict === 'contested' ? generation : undefined;
  }

  function publish(lease) {
    return recorded('commit', lease, `token ${lease.fence}`, 60_000);
  }

  function offer({ fence }) {
    return recorded('offer', fence, `token ${fence}`, 60_000);
  }

  async function recorded(method, ...args) {
    const calledAt = now();
    const answer = await store[method](method === 'purgeGroup' ? parseKeyId(keyId).group : keyId, ...args);
    history.push({ process: process.pid, method, args, answer, calledAt, answeredAt: now() });
    return answer;
  }
}

/** Ms of the monotonic clock, which all processes of a machine share. */
function now() {
  return Number(systemMonotonic()) / 1e6;
}

function oneOf(...values) {
  return values[Math.floor(Math.random() * values.length)];
}
