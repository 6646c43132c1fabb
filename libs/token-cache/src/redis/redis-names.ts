import { TokenConfigError } from '../core/contract/token-cache.errors.js';

const BUCKETS = 64;

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

  /** Redis keys of token and record. The hash tag is a bucket and not the id, so that both share a hash slot for any id. */
  keys(keyId: string): [token: string, record: string] {
    const key = `${this.#namespace}:{${bucketOf(keyId)}}:${keyId}`;
    return [`${key}:t`, `${key}:l`];
  }
}

/** Bucket of an id, by the FNV-1a hash of 32 bits. */
export function bucketOf(keyId: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < keyId.length; i++) hash = Math.imul(hash ^ keyId.charCodeAt(i), 0x01000193);
  return `b${String((hash >>> 0) % BUCKETS).padStart(2, '0')}`;
}
