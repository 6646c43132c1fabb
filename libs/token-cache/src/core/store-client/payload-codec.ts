import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { TokenConfigError } from '../contract/token-cache.errors.js';

/** What processes tell each other of a token. */
export interface TokenContent {
  readonly accessToken: string;
  readonly tokenType: string;
  readonly scope?: string;
  /** Epoch ms, as the source said. */
  readonly expiresAt: number;
  /** How long before hard expiry it is refreshed; jitter included, so that all processes agree. */
  readonly refreshWindowMs: number;
}

export interface EncryptionKey {
  /** Names the key in the store; letters, digits, `_` and `-`. */
  id: string;
  /** 32 bytes, as they are or in base64. */
  key: Uint8Array | string;
}

export interface EncryptionOptions {
  /** The first one seals, all of them open. */
  keys: readonly EncryptionKey[];
}

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Writes and reads payloads of the store; sealed with AES-256-GCM (NIST SP 800-38D) when there are keys, with the store
 * key and the fence as associated data, so that a payload is worth nothing under another key or fence.
 */
export class PayloadCodec {
  private readonly keys: ReadonlyMap<string, Uint8Array>;

  /** @throws TokenConfigError naming the key that cannot be used */
  constructor(encryption?: EncryptionOptions) {
    this.keys = encryption ? checkedKeys(encryption.keys) : new Map();
  }

  encode(keyId: string, fence: number, content: TokenContent): string {
    const plain = JSON.stringify(content);
    const [first] = this.keys;
    return first ? seal(plain, first[0], first[1], associatedData(keyId, fence)) : plain;
  }

  /** The content, or undefined when it cannot be opened or is not ours. */
  decode(keyId: string, fence: number, payload: string): TokenContent | undefined {
    try {
      const plain = this.keys.size > 0 ? this.open(payload, associatedData(keyId, fence)) : payload;
      return contentOf(JSON.parse(plain));
    } catch {
      return undefined;
    }
  }

  private open(payload: string, data: Uint8Array): string {
    const [id = '', sealed = ''] = payload.split('.');
    const key = this.keys.get(id);
    if (!key) throw new Error('no such key');
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(data).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString();
  }
}

function seal(plain: string, id: string, key: Uint8Array, data: Uint8Array): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(data);
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return `${id}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

function associatedData(keyId: string, fence: number): Uint8Array {
  return Buffer.from(JSON.stringify([keyId, fence]));
}

function checkedKeys(keys: readonly Partial<EncryptionKey>[] | undefined): ReadonlyMap<string, Uint8Array> {
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

function contentOf(value: Partial<TokenContent>): TokenContent | undefined {
  const usable =
    typeof value.accessToken === 'string' &&
    value.accessToken !== '' &&
    typeof value.tokenType === 'string' &&
    Number.isFinite(value.expiresAt) &&
    Number.isFinite(value.refreshWindowMs);
  return usable ? (value as TokenContent) : undefined;
}
