import { TokenConfigError } from '../core/contract/token-cache.errors.js';

const BUCKETS = 64;

/** The names of everything that a store has in Redis. */
export class RedisNames {
  /** One for all keys, on a cluster too: a cluster passes every message on to every node. */
  readonly channel: string;
  readonly ping: string;
  readonly #namespace: string;

  /**
   * @param keyPrefix what the client itself puts before keys, but not before channels
   * @throws TokenConfigError when the namespace is empty or has a brace, which would move the cluster's hash tag
   */
  constructor(namespace: string, keyPrefix = '') {
    if (typeof namespace !== 'string' || namespace === '') throw new TokenConfigError('namespace', 'must not be empty');
    if (/[{}]/.test(namespace))
      throw new TokenConfigError('namespace', `must not contain braces, as "${namespace}" does`);
    this.#namespace = namespace;
    this.channel = `${keyPrefix}${namespace}:events`;
    this.ping = `${namespace}:ping`;
  }

  /** Token and record of a key. The hash tag is a bucket, not the id: whatever an id holds, both are in one slot. */
  keys(keyId: string): [token: string, record: string] {
    const key = `${this.#namespace}:{${bucketOf(keyId)}}:${keyId}`;
    return [`${key}:t`, `${key}:l`];
  }
}

/** FNV-1a. */
function bucketOf(keyId: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < keyId.length; i++) hash = Math.imul(hash ^ keyId.charCodeAt(i), 0x01000193);
  return `b${String((hash >>> 0) % BUCKETS).padStart(2, '0')}`;
}
