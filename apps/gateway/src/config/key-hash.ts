import { createHash } from 'node:crypto';

const HEX = /^[\da-f]{64}$/i;
/** 32 bytes, in either alphabet (RFC 4648 sections 4 and 5). The last character holds four bits. */
const BASE64 = /^[\w+/-]{42}[AEIMQUYcgkosw048]=?$/;

/** The SHA-256 of a caller's key. */
export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key, 'latin1').digest();
}

const HASH_OF_NOTHING = hashOfKey('');

/** The 32 bytes of a hash in hex or Base64; what is wrong with it if it is none. */
export function decodeKeyHash(value: string): Buffer | string {
  const hash = HEX.test(value)
    ? Buffer.from(value, 'hex')
    : BASE64.test(value)
      ? Buffer.from(value, 'base64')
      : undefined;
  if (!hash) return 'must be a SHA-256 in hex (64 digits) or Base64: make-key prints one';
  return hash.equals(HASH_OF_NOTHING) ? 'is the hash of an empty key: make-key makes a key and its hash' : hash;
}
