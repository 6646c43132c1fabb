import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type EncryptionKeys } from '../config/encryption.js';
import { type TokenContent } from '../contract/token-content.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Writes and reads payloads of the store; sealed with AES-256-GCM (NIST SP 800-38D) when there are keys, with the store
 * key and the fence as associated data, so that a payload is worth nothing under another key or fence.
 */
export class PayloadCodec {
  constructor(private readonly keys: EncryptionKeys) {}

  encode(keyId: string, fence: number, content: TokenContent): string {
    const plain = JSON.stringify(content);
    const [first] = this.keys;
    return first ? seal(plain, first[0], first[1], associatedData(keyId, fence)) : plain;
  }

  /** The content, or undefined when it cannot be opened or is not ours. */
  decode(keyId: string, fence: number, payload: string): TokenContent | undefined {
    try {
      const plain = this.keys.size > 0 ? this.open(payload, associatedData(keyId, fence)) : payload;
      return contentOf(JSON.parse(plain) as Partial<TokenContent>);
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
  const sealed = Buffer.concat([cipher.update(Buffer.from(plain)), cipher.final()]);
  return `${id}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

function associatedData(keyId: string, fence: number): Uint8Array {
  return Buffer.from(JSON.stringify([keyId, fence]));
}

function contentOf(value: Partial<TokenContent>): TokenContent | undefined {
  const usable =
    typeof value.accessToken === 'string' &&
    value.accessToken !== '' &&
    typeof value.tokenType === 'string' &&
    Number.isFinite(value.expiresAt) &&
    Number.isFinite(value.refreshWindowMs) &&
    (value.lifeMs === undefined || Number.isFinite(value.lifeMs));
  return usable ? (value as TokenContent) : undefined;
}
