import { type Cluster, type Redis } from 'ioredis';

import { positiveMs } from '../core/contract/positive-ms.js';
import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type StoredToken,
  type TokenStore,
} from '../core/contract/token-store.js';
import { whenReady } from './client-ready.js';
import { RedisEvents } from './redis-events.js';
import { bucketOf, RedisNames } from './redis-names.js';
import { RedisScript } from './redis-script.js';

const PEEK = new RedisScript('peek');
const ACQUIRE = new RedisScript('acquire');
const RENEW = new RedisScript('renew');
const COMMIT = new RedisScript('commit');
const FAIL = new RedisScript('fail');
const INVALIDATE = new RedisScript('invalidate');
const PURGE = new RedisScript('purge');

/** Options of `RedisTokenStore`. */
export interface RedisTokenStoreOptions {
  /** What every key and the event channel begin with; stores of one namespace share their tokens. @defaultValue `'mintonce'` */
  readonly namespace?: string;
}

/**
 * Shares tokens between all processes on one Redis 5 or newer: standalone, Sentinel or Cluster.
 *
 * Each method is one script and one round trip. Every script may run twice, as it does when ioredis sends a command again
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
    this.#names = new RedisNames(namespace, client.options.keyPrefix);
    this.events = new RedisEvents(client, this.#names.channel);
  }

  async peek(keyId: string): Promise<Peeked> {
    const [fence, payload, ttlMs, coolingMs, error = '', isRejected] = await this.#list(PEEK, keyId);
    return {
      token: fence ? tokenOf([fence, payload, ttlMs]) : undefined,
      isRejected: isRejected === '1',
      cooldown: coolingMs ? { remainingMs: Number(coolingMs), error } : undefined,
    };
  }

  async acquire(keyId: string, { nonce, leaseMs, minTtlMs, refusedGeneration }: Attempt): Promise<Acquired> {
    const args = [nonce, positiveMs('leaseMs', leaseMs), minTtlMs, refusedGeneration ?? ''];
    const [outcome, ...rest] = await this.#list(ACQUIRE, keyId, ...args);
    switch (outcome) {
      case 'hit':
        return { outcome, token: tokenOf(rest) };
      case 'cooling': {
        const [remainingMs, error = '', ...rejected] = rest;
        return { outcome, cooldown: { remainingMs: Number(remainingMs), error }, rejected: maybeTokenOf(rejected) };
      }
      case 'wait': {
        const [leaseEndsInMs, ...rejected] = rest;
        return { outcome, leaseEndsInMs: Number(leaseEndsInMs), rejected: maybeTokenOf(rejected) };
      }
      default: {
        const [fence, reason, failures, published, serves, ...valid] = rest;
        const token = maybeTokenOf(valid);
        return {
          outcome: 'lease',
          lease: { nonce, fence: Number(fence), leaseMs },
          reason: reason as MintReason,
          failures: Number(failures),
          published: published ? Number(published) : undefined,
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
    if (outcome !== 'superseded') return { outcome: outcome as 'stored' | 'duplicate' };
    return { outcome, token: maybeTokenOf(token) };
  }

  async fail(keyId: string, { nonce, fence }: Lease, cooldown?: Cooldown): Promise<void> {
    const cooldownMs = cooldown ? positiveMs('cooldown.remainingMs', cooldown.remainingMs) : '';
    await this.#call(FAIL, keyId, nonce, fence, cooldownMs, cooldown?.error ?? '');
  }

  async invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    const { generation, paceMs, maxPaceMs, isContested } = rejection;
    const pace = [positiveMs('paceMs', paceMs), positiveMs('maxPaceMs', maxPaceMs)];
    return (await this.#call(INVALIDATE, keyId, generation, ...pace, isContested ? 1 : 0)) as RejectionVerdict;
  }

  async purge(keyId: string): Promise<number> {
    return Number(await this.#call(PURGE, keyId));
  }

  /** Writes: a replica, and a server that is full or cannot save, answer PING as well. */
  async ping(): Promise<void> {
    await this.#client.set(this.#names.ping, '', 'PX', 1_000);
  }

  /** Closes the subscriber connection; the client stays open. */
  async close(): Promise<void> {
    this.events.close();
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
    return script.run(this.#client, this.#names.keys(keyId), [this.#names.channel, keyId, ...args]);
  }

  async #ask(script: RedisScript, keyId: string, ...args: (string | number)[]): Promise<boolean> {
    return Number(await this.#call(script, keyId, ...args)) === 1;
  }

  async #list(script: RedisScript, keyId: string, ...args: (string | number)[]): Promise<string[]> {
    return (await this.#call(script, keyId, ...args)) as string[];
  }
}

function maybeTokenOf(reply: string[]): StoredToken | undefined {
  return reply.length > 0 ? tokenOf(reply) : undefined;
}

function tokenOf([fence, payload = '', ttlMs]: (string | undefined)[]): StoredToken {
  return { fence: Number(fence), payload, ttlMs: Number(ttlMs) };
}
