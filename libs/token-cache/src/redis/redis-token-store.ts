import { type Cluster, type Redis } from 'ioredis';

import { positiveMs } from '../core/contract/positive-ms.js';
import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type StoredToken,
  type TokenStore,
  type TurnedAway,
} from '../core/contract/token-store.js';
import { whenReady } from './client-ready.js';
import { RedisEvents } from './redis-events.js';
import { parseKeyId } from '../core/contract/key-group.js';
import { ALL_BUCKETS, bucketOf, RedisNames } from './redis-names.js';
import { RedisScript } from './redis-script.js';

const PEEK = new RedisScript('peek');
const ACQUIRE = new RedisScript('acquire');
const RENEW = new RedisScript('renew');
const COMMIT = new RedisScript('commit');
const FAIL = new RedisScript('fail');
const OFFER = new RedisScript('offer');
const INVALIDATE = new RedisScript('invalidate');
const PURGE = new RedisScript('purge');
const PURGE_GROUP = new RedisScript('purgeGroup');
const ANNOUNCE = new RedisScript('announce');
const NOW = new RedisScript('now');

/** An element of what a script answers. */
type Replied = string | number;

/** Of the time that a caller waits: how much a part of a cluster has to answer. */
const PART_OF_THE_TIME = 0.75;

/** Options of `RedisTokenStore`. */
export interface RedisTokenStoreOptions {
  /** What every key and the event channel begin with; stores of one namespace share their tokens. @defaultValue `'mintonce'` */
  readonly namespace?: string;
}

/**
 * Shares tokens between all processes on one Redis 7 or later, or Valkey 8 or later: standalone, Sentinel or Cluster.
 *
 * Each method is one script and one round trip, but a purge with a time limit two. Every script may run twice, as it does when ioredis sends a command again
 * after a lost connection. The store adds no timeout and no retry to those of the client.
 */
export class RedisTokenStore implements TokenStore {
  readonly events: RedisEvents;
  readonly #client: Redis | Cluster;
  readonly #names: RedisNames;

  /**
   * @param client any ioredis client; yours to close. A subscriber connection is made from it on first use.
   * @throws TokenConfigError when the namespace is empty or contains braces
   */
  constructor(client: Redis | Cluster, { namespace = 'mintonce' }: RedisTokenStoreOptions = {}) {
    this.#client = client;
    this.#names = new RedisNames(namespace, client.options.keyPrefix, databaseOf(client));
    this.events = new RedisEvents(client, this.#names.channel);
  }

  async peek(keyId: string): Promise<Peeked> {
    const [value, ttlMs, coolingMs, error, process, isRejected, voidedUpTo] = await this.#list(PEEK, keyId);
    return {
      token: value ? tokenOf([value, ttlMs]) : undefined,
      isRejected: isRejected === '1',
      cooldown: coolingMs ? cooldownOf([coolingMs, error, process]) : undefined,
      voidedUpTo: Number(voidedUpTo),
    };
  }

  async acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    const { nonce, leaseMs, minTtlMs, refusedGeneration = '', process = '' } = attempt;
    const args = [nonce, positiveMs('leaseMs', leaseMs), minTtlMs, refusedGeneration, process];
    const [outcome, ...rest] = await this.#list(ACQUIRE, keyId, ...args);
    switch (outcome) {
      case 'hit':
        return { outcome, token: tokenOf(rest), voidedUpTo: Number(rest[2]) };
      case 'cooling':
        return { outcome, cooldown: cooldownOf(rest), ...turnedAway(rest.slice(3)) };
      case 'wait':
        return { outcome, leaseEndsInMs: Number(rest[0]), ...turnedAway(rest.slice(1)) };
      default: {
        const [fence, leaseEndsInMs, reason, failures, published, serves, voidedUpTo, ...valid] = rest;
        const token = maybeTokenOf(valid);
        return {
          outcome: 'lease',
          lease: { nonce, fence: Number(fence), leaseMs },
          leaseEndsInMs: Number(leaseEndsInMs),
          reason: reason as MintReason,
          failures: Number(failures),
          published: published ? Number(published) : undefined,
          voidedUpTo: Number(voidedUpTo),
          token: serves === '1' ? token : undefined,
          rejected: serves === '1' ? undefined : token,
        };
      }
    }
  }

  async renew(keyId: string, { nonce, fence, leaseMs }: Lease): Promise<boolean> {
    return this.#ask(RENEW, keyId, nonce, fence, positiveMs('leaseMs', leaseMs));
  }

  async commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    const { fence, leaseMs, sinceGrantMs = '' } = lease;
    const args = [fence, leaseMs, payload, positiveMs('ttlMs', ttlMs), sinceGrantMs];
    const [outcome, ...token] = await this.#list(COMMIT, keyId, ...args);
    if (outcome !== 'superseded') return { outcome: outcome as 'stored' | 'duplicate' | 'voided' };
    return { outcome, token: maybeTokenOf(token) };
  }

  async fail(keyId: string, { nonce, fence }: Lease, cooldown?: Cooldown): Promise<boolean> {
    const cooldownMs = cooldown ? positiveMs('cooldown.remainingMs', cooldown.remainingMs) : '';
    return this.#ask(FAIL, keyId, nonce, fence, cooldownMs, cooldown?.error ?? '', cooldown?.process ?? '');
  }

  async offer(
    keyId: string,
    generation: number,
    payload: string,
    ttlMs: number,
    since?: AnsweredSince,
  ): Promise<Offered> {
    const args = [generation, payload, positiveMs('ttlMs', ttlMs), since?.answeredAtUs ?? '', since?.sinceMs ?? ''];
    const [outcome, ...token] = await this.#list(OFFER, keyId, ...args);
    if (outcome !== 'superseded') return { outcome: outcome as 'stored' | 'voided' };
    return { outcome, token: maybeTokenOf(token) };
  }

  async invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    const { generation, paceMs, maxPaceMs, isContested } = rejection;
    const pace = [positiveMs('paceMs', paceMs), positiveMs('maxPaceMs', maxPaceMs)];
    return (await this.#call(INVALIDATE, keyId, generation, ...pace, isContested ? 1 : 0)) as RejectionVerdict;
  }

  async purge(keyId: string, withinMs?: number): Promise<number> {
    const deadline = await this.#deadline(this.nodeOf(keyId), this.#names.keys(keyId), withinMs);
    return fenceIn(await this.#call(PURGE, keyId, deadline), withinMs);
  }

  /** One script on a single server, and one for each of the 64 buckets of a cluster, all at once. */
  purgeGroup(group: string, withinMs?: number): Promise<number> {
    return this.#client.isCluster
      ? this.#purgeParts(group, withinMs)
      : this.#purgeBuckets('', ALL_BUCKETS, group, withinMs);
  }

  /**
   * What was purged is announced although a part of the cluster does not answer: other processes would go on with tokens of healthy
   * parts, and those of the part that is down are void as well.
   */
  async #purgeParts(group: string, withinMs?: number): Promise<number> {
    const purges = ALL_BUCKETS.map(async (bucket) => {
      const fence = await inTime(this.#purgeBuckets(bucket, [bucket], group, withinMs), withinMs);
      return { bucket, fence };
    });
    const outcomes = await Promise.allSettled(purges);
    const purged = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const [first] = purged;
    if (!first) throw failed[0];
    const fence = Math.max(...purged.map((one) => one.fence));
    const args = [this.#names.channel, group, fence];
    await ANNOUNCE.run(this.#client, first.bucket, [this.#names.groupPurge(first.bucket, group)], args);
    if (failed.length > 0) throw incomplete(failed.length, failed[0]);
    return fence;
  }

  /** @param node names the server of these buckets */
  async #purgeBuckets(node: string, buckets: readonly string[], group: string, withinMs?: number): Promise<number> {
    const keys = buckets.map((bucket) => this.#names.groupPurge(bucket, group));
    const deadline = await this.#deadline(node, keys, withinMs);
    const args = [this.#names.channel, group, deadline, this.#client.isCluster ? 0 : 1];
    return fenceIn(await PURGE_GROUP.run(this.#client, node, keys, args), withinMs);
  }

  /** Writes: a replica, and a server that is full or cannot save, answer PING as well. */
  async ping(): Promise<void> {
    await this.#client.set(this.#names.ping, '', 'PX', 1_000);
  }

  /** Closes the subscriber connection; the client stays open. */
  async close(): Promise<void> {
    this.events.close();
  }

  /**
   * An instant on the server's clock before so many ms have passed here. A command may wait in the client for a connection, and
   * be sent once more: only the server can tell that it arrives too late.
   */
  async #deadline(node: string, keys: readonly string[], withinMs: number | undefined): Promise<number | ''> {
    if (withinMs === undefined) return '';
    positiveMs('withinMs', withinMs);
    const askedAt = performance.now();
    const serverNow = Number(await NOW.run(this.#client, node, keys.slice(0, 1), []));
    return Math.floor(serverNow + withinMs - (performance.now() - askedAt));
  }

  /** On a cluster the bucket of the key, which is always on one master; ioredis does not tell on which. */
  nodeOf(keyId: string): string {
    return this.#client.isCluster ? bucketOf(keyId) : '';
  }

  ready(): Promise<void> | undefined {
    return whenReady(this.#client);
  }

  /** An error reply, such as OOM. A script that only reads goes on working beside it. */
  hasAnswered(error: unknown): boolean {
    return error instanceof Error && error.name === 'ReplyError';
  }

  #call(script: RedisScript, keyId: string, ...args: (string | number)[]): Promise<unknown> {
    const parsed = parseKeyId(keyId);
    const keys = this.#names.keysOf(parsed);
    return script.run(this.#client, this.nodeOf(keyId), keys, [this.#names.channel, parsed.id, ...args]);
  }

  async #ask(script: RedisScript, keyId: string, ...args: (string | number)[]): Promise<boolean> {
    return Number(await this.#call(script, keyId, ...args)) === 1;
  }

  // Not async: a promise around a promise is work for every call.
  #list(script: RedisScript, keyId: string, ...args: (string | number)[]): Promise<Replied[]> {
    return this.#call(script, keyId, ...args) as Promise<Replied[]>;
  }
}

function fenceIn(answer: unknown, withinMs: number | undefined): number {
  if (answer === null)
    throw new Error(`The purge reached Redis later than ${withinMs} ms and deleted nothing: repeat it`);
  return Number(answer);
}

/** Waits for most of the time that the caller waits, so that what came of the other calls can be told by then. */
async function inTime<T>(call: Promise<T>, withinMs: number | undefined): Promise<T> {
  if (withinMs === undefined) return call;
  const waitedMs = Math.ceil(withinMs * PART_OF_THE_TIME);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${waitedMs} ms`)), waitedMs);
  });
  return Promise.race([call, timeUp]).finally(() => clearTimeout(timer));
}

function incomplete(failed: number, cause: unknown): Error {
  return new Error(`The purge reached all but ${failed} of the ${ALL_BUCKETS.length} parts of the cluster: repeat it`, {
    cause,
  });
}

function maybeTokenOf(reply: Replied[]): StoredToken | undefined {
  return reply.length > 0 ? tokenOf(reply) : undefined;
}

/** From the value of its key, `<fence>:<payload>`, and the ms to its end. */
function tokenOf([value, ttlMs]: (Replied | undefined)[]): StoredToken {
  const text = String(value);
  const colon = text.indexOf(':');
  return { fence: Number(text.slice(0, colon)), payload: text.slice(colon + 1), ttlMs: Number(ttlMs) };
}

function cooldownOf([remainingMs, error = '', process]: (Replied | undefined)[]): Cooldown {
  return { remainingMs: Number(remainingMs), error: String(error), ...(process && { process: String(process) }) };
}

function turnedAway([voidedUpTo, answeredAtUs, ...rejected]: Replied[]): TurnedAway {
  return {
    voidedUpTo: Number(voidedUpTo),
    answeredAtUs: Number(answeredAtUs),
    rejected: maybeTokenOf(rejected),
  };
}

/** The number of the database of the client; a cluster has one only. */
function databaseOf(client: Redis | Cluster): number {
  return client.isCluster ? 0 : ((client as Redis).options.db ?? 0);
}
