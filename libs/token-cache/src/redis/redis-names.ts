import { type ParsedKeyId, parseKeyId } from '../core/contract/key-group.js';
import { TokenConfigError } from '../core/contract/token-cache.errors.js';

const BUCKETS = 64;

/** All buckets that keys lie in. */
export const ALL_BUCKETS: readonly string[] = Array.from({ length: BUCKETS }, (_, number) => bucketName(number));

type RedisKeys = [token: string, record: string, ...groupPurge: string[]];

/** Names of the keys and the channel of a store in Redis. */
export class RedisNames {
  /**
   * The Pub/Sub channel of all keys. One suffices on a cluster, which passes every message on to every node. Redis has one set
   * of channels for all its databases.
   */
  readonly channel: string;
  readonly ping: string;
  readonly #namespace: string;

  /**
   * @param keyPrefix prefix that the client puts before keys, but not before channels
   * @param database number of the client's database
   * @throws TokenConfigError when the namespace is empty or has a brace, which would change the hash tag
   */
  constructor(namespace: string, keyPrefix = '', database = 0) {
    if (typeof namespace !== 'string' || namespace === '') throw new TokenConfigError('namespace', 'must not be empty');
    if (/[{}]/.test(namespace))
      throw new TokenConfigError(
        'namespace',
        `must not contain braces, which "${namespace}" does: choose another name`,
      );
    this.#namespace = namespace;
    this.channel = `${keyPrefix}${namespace}:events${database === 0 ? '' : `:${database}`}`;
    this.ping = `${namespace}:ping`;
  }

  /**
   * Redis keys of token and record, and of the last purge of the group if the key has one. The hash tag is a bucket and not the id,
   * so that all share a hash slot for any id.
   */
  keys(keyId: string): RedisKeys {
    return this.keysOf(parseKeyId(keyId));
  }

  /** The same of a key id that is taken apart already. */
  keysOf({ group, id }: ParsedKeyId): RedisKeys {
    const bucket = bucketOfId(id);
    const key = `${this.#namespace}:{${bucket}}:${id}`;
    return group === undefined ? [`${key}:t`, `${key}:l`] : [`${key}:t`, `${key}:l`, this.groupPurge(bucket, group)];
  }

  /** Redis key of the last purge of a group, for the keys in one bucket. */
  groupPurge(bucket: string, group: string): string {
    return `${this.#namespace}:{${bucket}}:${group}:g`;
  }
}

/** Bucket of a key, which its group has no part in. */
export function bucketOf(keyId: string): string {
  return bucketOfId(parseKeyId(keyId).id);
}

/** By the FNV-1a hash of 32 bits. */
function bucketOfId(id: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return bucketName((hash >>> 0) % BUCKETS);
}

function bucketName(number: number): string {
  return `b${String(number).padStart(2, '0')}`;
}
