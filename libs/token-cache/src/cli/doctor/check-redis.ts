import { randomUUID } from 'node:crypto';
import { type Redis } from 'ioredis';
import { failed, type Finding, ok, reasonOf, warning } from './finding.js';

const TIMEOUT_MS = 5_000;
const SKEW_MS = 5_000;
/** The oldest that the tests run against. */
const TRIED_VERSION = 7;
const SLOTS = 16_384;

/** Every command that the store sends but those of its channel, with a key that ends by itself. */
export const TRIED_COMMANDS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['set', 'KEY', '1', 'PX', '10000'],
  ['get', 'KEY'],
  ['pttl', 'KEY'],
  ['del', 'KEY'],
  ['hset', 'KEY', 'a', '1', 'b', '2'],
  ['hmget', 'KEY', 'a'],
  ['hdel', 'KEY', 'b'],
  ['pexpire', 'KEY', '10000'],
  ['time'],
  ['ping'],
  ['evalsha', '0'.repeat(40), '0'],
  ['eval', "return redis.call('PTTL', KEYS[1])", '1', 'KEY'],
  ['del', 'KEY'],
];

/** Whether Redis can be reached and keeps tokens, and whether the user may do what the store does. */
export async function checkRedis(url: string, namespace: string): Promise<Finding[]> {
  const redis = await open(url);
  try {
    await redis.connect();
    const info = await redis.info().catch(() => '');
    return [
      ok('redis', 'it answers'),
      checkVersion(fieldOf(info, 'valkey_version') ?? fieldOf(info, 'redis_version')),
      checkEviction(fieldOf(info, 'maxmemory_policy'), Number(fieldOf(info, 'maxmemory') ?? 0)),
      await checkRights(redis, namespace),
      await checkClock(redis),
      ...(fieldOf(info, 'cluster_enabled') === '1' ? await checkCluster(redis) : []),
    ];
  } catch (error) {
    return [
      failed(
        'redis',
        `It cannot be used: ${reasonOf(error)}`,
        'Check its address, its TLS, and user and password from this machine.',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

/** ioredis is a peer of the package, which not every application has. */
async function open(url: string): Promise<Redis> {
  const { Redis } = await import('ioredis').catch(() => {
    throw new Error('--redis needs ioredis: npm install ioredis');
  });
  const redis = new Redis(url, {
    lazyConnect: true,
    commandTimeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    enableReadyCheck: false,
  });
  // What fails is told by the command that it fails.
  redis.on('error', () => undefined);
  return redis;
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

function checkVersion(version: string | undefined): Finding {
  const check = 'redis version';
  if (version === undefined) return warning(check, 'It does not tell its version', 'Grant +info to the user.');
  if (Number.parseInt(version, 10) >= TRIED_VERSION) return ok(check, version);
  return warning(check, `${version} is older than what is tested`, `Take Redis or Valkey ${TRIED_VERSION} or later.`);
}

function checkEviction(policy: string | undefined, maxmemory: number): Finding {
  const check = 'redis eviction';
  if (policy === undefined)
    return warning(check, 'It does not tell its policy', 'See to it that maxmemory-policy is noeviction.');
  if (policy === 'noeviction') return ok(check, 'noeviction');
  const advice = 'Set maxmemory-policy noeviction, or give the tokens a Redis of their own.';
  if (maxmemory === 0) return warning(check, `${policy}, though no maxmemory is set yet`, advice);
  return failed(check, `${policy}: a full Redis drops tokens that are valid, and each costs a mint`, advice);
}

async function checkRights(redis: Redis, namespace: string): Promise<Finding> {
  const key = `${namespace}:{doctor-${randomUUID()}}`;
  const missing = new Set<string>();
  for (const [command, ...args] of TRIED_COMMANDS) {
    await redis.call(command, ...args.map((arg) => (arg === 'KEY' ? key : arg))).catch((error: Error) => {
      // Any other error, such as that of a script which is not known, comes after the rights were checked.
      if (error.message.startsWith('NOPERM')) missing.add(command);
    });
  }
  const advice = `Grant what docs/stores.md lists under Rights, for ~${namespace}:* and &${namespace}:events`;
  if (missing.size > 0)
    return failed(
      'redis rights',
      `The user lacks ${[...missing].map((name) => `+${name}`).join(' ')}, or its keys`,
      advice,
    );
  return ok('redis rights', `the commands of the store are allowed on ${namespace}:*; +publish is not tried`);
}

async function checkClock(redis: Redis): Promise<Finding> {
  const askedAt = Date.now();
  const [seconds, micros] = (await redis.time().catch(() => [0, 0])) as [number | string, number | string];
  const skewMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - (askedAt + Date.now()) / 2;
  if (Math.abs(skewMs) <= SKEW_MS) return ok('redis clock', 'it agrees with the one of this machine');
  return warning(
    'redis clock',
    `It is ${Math.round(skewMs / 1_000)} s ahead of this machine's`,
    'Set the clocks by NTP.',
  );
}

async function checkCluster(redis: Redis): Promise<Finding[]> {
  const info = String(await redis.call('CLUSTER', 'INFO').catch(() => ''));
  const told = (await redis.config('GET', 'cluster-require-full-coverage').catch(() => [])) as string[];
  return [checkSlots(fieldOf(info, 'cluster_state'), fieldOf(info, 'cluster_slots_ok')), checkCoverage(told[1])];
}

function checkSlots(state: string | undefined, served: string | undefined): Finding {
  const check = 'redis cluster';
  if (state === undefined) return warning(check, 'It does not tell its state', 'Grant +cluster to the user.');
  if (state === 'ok' && Number(served) === SLOTS) return ok(check, 'all slots are served');
  const advice = 'Start the masters that are missing, or have replicas take their place; see CLUSTER INFO.';
  return failed(check, `Its state is ${state}, and ${served} of ${SLOTS} slots are served`, advice);
}

function checkCoverage(required: string | undefined): Finding {
  const check = 'redis cluster coverage';
  if (required === 'no') return ok(check, 'a shard that is down takes no keys of others with it');
  const advice = 'Set cluster-require-full-coverage no.';
  if (required === undefined) return ok(check, `this user may not read it (CONFIG). ${advice}`);
  return warning(check, 'A shard that is down takes the keys of all others with it', advice);
}
