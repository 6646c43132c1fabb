import { randomUUID } from 'node:crypto';
import { type Redis } from 'ioredis';
import { keyIdIn } from '../core/contract/key-group.js';
import { type Lease, type StoredToken, type TokenStore, type TurnedAway } from '../core/contract/token-store.js';
import { type StoreSystem } from '../testing/model/store-system.spec-support.js';
import { RedisNames } from './redis-names.js';
import { RedisTokenStore } from './redis-token-store.js';

/**
 * One key of a Redis whose clock the test moves. The clock of a server cannot be set. Instead, every instant is moved the other
 * way: ends, fences, and the fences that the clients hold. The answers are the same as with a moved clock.
 */
export function redisSystem(clients: readonly Redis[]): StoreSystem {
  const [client] = clients as [Redis, ...Redis[]];
  const namespace = randomUUID();
  const group = 'fuzzed-group';
  const keyId = keyIdIn(group, 'key');
  const keys = new RedisNames(namespace, client.options.keyPrefix).keys(keyId);
  const [token, record] = keys;
  const parts = new Map([
    [token, 'token'],
    [record, 'record'],
  ]);
  const moved = { ms: 0 };
  const stores = clients.map((one) => new RedisTokenStore(one, { namespace }));
  const lose = {
    token: () => client.del(token),
    record: () => client.del(record),
    everything: () => client.del(token, record),
  };
  return {
    keyId,
    group,
    processes: stores.map((store) => inMovedTime(store, moved)),
    async moveClock(ms) {
      moved.ms += ms;
      await moveClock(client, keys, ms);
    },
    async lose(part) {
      await lose[part]();
    },
    async kept() {
      // What is kept of the group is no part of the key.
      const names = (await client.keys(`${namespace}:*`)).filter((name) => !name.endsWith(':g'));
      const lives = names.map(async (name) => [parts.get(name) ?? name, await client.pttl(name)] as const);
      return Object.fromEntries(await Promise.all(lives));
    },
    async dispose() {
      await Promise.all(stores.map((store) => store.close()));
      await client.del(...(await client.keys(`${namespace}:*`)), token);
    },
  };
}

/** Moves all ends of a key nearer by `ms`, as if that time had passed. */
export async function moveClock(client: Redis, keys: readonly string[], ms: number): Promise<void> {
  await client.eval(MOVE, keys.length, ...keys, ms);
}

const MOVE = `
  local ms = tonumber(ARGV[1])
  local function sooner(key)
    local left = redis.call('PTTL', key) - ms
    if left > 0 then redis.call('PEXPIRE', key, string.format('%.0f', left)) else redis.call('DEL', key) end
  end
  local value = redis.call('GET', KEYS[1])
  if value then
    local fence, payload = string.match(value, '^(%d+):(.*)$')
    redis.call('SET', KEYS[1], string.format('%.0f', fence - ms * 1000) .. ':' .. payload, 'KEEPTTL')
    sooner(KEYS[1])
  end
  local purge = KEYS[3] and redis.call('GET', KEYS[3])
  if purge then redis.call('SET', KEYS[3], string.format('%.0f', purge - ms * 1000), 'KEEPTTL') end
  if redis.call('EXISTS', KEYS[2]) == 0 then return end
  local units = { leaseEndsAt = 1, coolEndsAt = 1, replacedAt = 1, fence = 1000, published = 1000, rejected = 1000, voided = 1000,
    groupPurge = 1000 }
  for field, unit in pairs(units) do
    local at = tonumber(redis.call('HGET', KEYS[2], field) or 0)
    if at > 0 then redis.call('HSET', KEYS[2], field, string.format('%.0f', at - ms * unit)) end
  end
  for field, of in pairs({ leaseMs = 'fence', coolProcess = 'coolEndsAt' }) do
    local _, rest = string.match(redis.call('HGET', KEYS[2], field) or '', '^(%d+):(.*)$')
    local value = redis.call('HGET', KEYS[2], of)
    if rest and value then redis.call('HSET', KEYS[2], field, value .. ':' .. rest) end
  end
  sooner(KEYS[2])
`;

/** Translates the fences of a store to those of the moved clock. */
function inMovedTime(store: TokenStore, moved: { readonly ms: number }): TokenStore {
  const sent = (fence: number): number => fence - moved.ms * 1000;
  const received = (fence: number): number => fence + moved.ms * 1000;
  const sentLease = (lease: Lease): Lease => ({ ...lease, fence: sent(lease.fence) });
  const receivedUpTo = (voided: number): number => voided && received(voided);
  const inMoved = (token: StoredToken): StoredToken => ({ ...token, fence: received(token.fence) });
  const withTokens = <T extends Partial<TurnedAway> & { token?: StoredToken }>(answer: T): T => ({
    ...answer,
    ...(answer.voidedUpTo !== undefined && { voidedUpTo: receivedUpTo(answer.voidedUpTo) }),
    ...(answer.answeredAtUs !== undefined && { answeredAtUs: received(answer.answeredAtUs) }),
    ...(answer.token && { token: inMoved(answer.token) }),
    ...(answer.rejected && { rejected: inMoved(answer.rejected) }),
  });
  return {
    peek: async (keyId) => withTokens(await store.peek(keyId)),
    async acquire(keyId, attempt) {
      const refused = attempt.refusedGeneration;
      const answer = await store.acquire(keyId, {
        ...attempt,
        ...(refused !== undefined && { refusedGeneration: sent(refused) }),
      });
      if (answer.outcome !== 'lease') return withTokens(answer);
      const { lease, published } = answer;
      return withTokens({
        ...answer,
        lease: { ...lease, fence: received(lease.fence) },
        ...(published !== undefined && { published: received(published) }),
      });
    },
    renew: (keyId, lease) => store.renew(keyId, sentLease(lease)),
    async commit(keyId, lease, payload, ttlMs) {
      const answer = await store.commit(keyId, sentLease(lease), payload, ttlMs);
      return answer.outcome === 'superseded' ? withTokens(answer) : answer;
    },
    fail: (keyId, lease, cooldown) => store.fail(keyId, sentLease(lease), cooldown),
    async offer(keyId, generation, payload, ttlMs, since) {
      const sentSince = since && { ...since, answeredAtUs: sent(since.answeredAtUs) };
      const answer = await store.offer(keyId, sent(generation), payload, ttlMs, sentSince);
      return answer.outcome === 'superseded' ? withTokens(answer) : answer;
    },
    invalidate: (keyId, rejection) => store.invalidate(keyId, { ...rejection, generation: sent(rejection.generation) }),
    purge: async (keyId, withinMs) => received(await store.purge(keyId, withinMs)),
    purgeGroup: async (group, withinMs) => received(await store.purgeGroup(group, withinMs)),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}
