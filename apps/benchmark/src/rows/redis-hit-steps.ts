import { MemoryTokenStore, type TokenClient } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { type Redis } from 'ioredis';
import { argumentsOf } from '../contenders/arguments-of.js';
import { jwt } from '../contenders/jwt.js';
import { INTEGRATION, connect, openClient } from '../contenders/ours.js';
import { type Bench } from '../harness/row.js';
import { type Steps } from './step-table.js';

/** The reads of a hit in one atomic step, and nothing else: no script that gives the same promises does less. */
const READS = `return {
  redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]),
  redis.call('HMGET', KEYS[2], 'fence', 'voided', 'invalidated', 'rejected'), redis.call('GET', KEYS[3]) }`;
const CALLER_WAITS_MS = 10_000;

/** As the store sends it. */
type Evalsha = [sha: string, keyCount: number, ...keysAndArguments: (string | number)[]];

/** The way of a hit, each step with all that are before it; then the parts of the client by themselves. */
export async function singleSteps(bench: Bench): Promise<Steps> {
  const { redis, store, connection, client, inProcess } = await partsOf(bench);
  const get = (): Promise<unknown> => client.getToken(INTEGRATION);
  const ours = await argumentsOf<'evalsha', Evalsha>(connection, 'evalsha', get);
  const acquire = await argumentsOf<'acquire', Parameters<RedisTokenStore['acquire']>>(store, 'acquire', get);
  const [keyId] = acquire;
  const [oneGet, reads] = await Promise.all(["return redis.call('GET', KEYS[1])", READS].map(loadedBy(redis)));
  const [, keyCount, ...keysAndArguments] = ours;
  return {
    GET: () => redis.get('raw'),
    'EVALSHA of one GET': () => redis.evalsha(String(oneGet), 1, 'raw'),
    'EVALSHA of the four reads of a hit': () => redis.evalsha(String(reads), keyCount, ...keysAndArguments),
    'EVALSHA of our script': () => redis.evalsha(...ours),
    'acquire() of the store': () => store.acquire(...acquire),
    'getToken() without the near cache': get,
    'peek() of the store': () => store.peek(keyId),
    'peek() of the client': () => client.peek(INTEGRATION),
    SET: () => redis.set('ping', '', 'PX', 1_000),
    'storeAvailable(), which sends that SET': () => client.storeAvailable(),
    'getToken() over a store in the process': () => inProcess.getToken(INTEGRATION),
    'GET, and then that getToken()': () => redis.get('raw').then(() => inProcess.getToken(INTEGRATION)),
  };
}

/** What a call costs that joins the one under way. */
export async function sharedSteps(bench: Bench): Promise<Steps> {
  const { redis, client, inProcess } = await partsOf(bench);
  const joined = joining(() => redis.get('raw'));
  return {
    GET: () => redis.get('raw'),
    'one GET that all wait for': joined,
    'the same, with a time limit for each': () => limited(joined()),
    'getToken() over a store in the process': () => inProcess.getToken(INTEGRATION),
    'getToken() without the near cache': () => client.getToken(INTEGRATION),
  };
}

interface Parts {
  readonly redis: Redis;
  readonly connection: Redis;
  readonly store: RedisTokenStore;
  readonly client: TokenClient;
  readonly inProcess: TokenClient;
}

async function partsOf(bench: Bench): Promise<Parts> {
  const redis = connect(bench);
  await redis.set('raw', jwt());
  const connection = connect(bench);
  const store = new RedisTokenStore(connection, { namespace: 'redis-hit-steps' });
  const client = openClient(bench, store, { nearCache: false });
  const inProcess = openClient(bench, new MemoryTokenStore(), { nearCache: false });
  // The script is sent whole once, and then by its digest.
  for (let time = 0; time < 2; time++) await client.getToken(INTEGRATION);
  return { redis, connection, store, client, inProcess };
}

function loadedBy(redis: Redis): (lua: string) => Promise<unknown> {
  return (lua) => redis.script('LOAD', lua);
}

/** Every call joins the one that is under way. */
function joining<T>(call: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => (underWay ??= call().finally(() => (underWay = undefined)));
}

function limited<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, CALLER_WAITS_MS);
    const leave = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    work.then(
      (result) => leave(() => resolve(result)),
      (error: Error) => leave(() => reject(error)),
    );
  });
}
