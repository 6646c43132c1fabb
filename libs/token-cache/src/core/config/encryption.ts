import { isUint8Array } from 'node:util/types';
import { TokenConfigError } from '../contract/token-cache.errors.js';

/** One key of AES-256-GCM. */
export interface EncryptionKey {
  /** Names the key in the store; letters, digits, `_` and `-`. */
  id: string;
  /** 32 bytes, as they are or in base64. */
  key: Uint8Array | string;
}

/** How tokens are sealed in the store (AES-256-GCM, NIST SP 800-38D). */
export interface EncryptionOptions {
  /** The first one seals, all of them open. */
  keys: readonly EncryptionKey[];
}

/** Keys by id; the first one seals. Empty when tokens lie in the store as they are. */
export type EncryptionKeys = ReadonlyMap<string, Uint8Array>;

/** @throws TokenConfigError naming the key that cannot be used */
export function resolveEncryption(encryption: EncryptionOptions | undefined): EncryptionKeys {
  if (!encryption) return new Map();
  const keys: readonly (Partial<EncryptionKey> | null)[] | undefined = encryption.keys;
  if (!Array.isArray(keys) || keys.length === 0)
    throw new TokenConfigError('encryption.keys', 'must name at least one key');
  const checked = new Map<string, Uint8Array>();
  keys.forEach((entry: Partial<EncryptionKey> | null, index) => {
    const { id, key } = entry ?? {};
    const path = `encryption.keys[${index}]`;
    if (typeof id !== 'string' || !/^[\w-]+$/.test(id)) {
      throw new TokenConfigError(`${path}.id`, 'must be letters, digits, "_" and "-"');
    }
    if (checked.has(id)) throw new TokenConfigError(`${path}.id`, 'must differ from the others');
    const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
    if (!isUint8Array(bytes) || bytes.length !== 32) throw new TokenConfigError(`${path}.key`, 'must be 32 bytes');
    checked.set(id, bytes);
  });
  return checked;
}
