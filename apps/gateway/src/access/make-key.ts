import { randomBytes } from 'node:crypto';
import { hashOfKey } from '../config/key-hash.js';

/** The prefix lets scanners of repositories and logs recognise a key. */
const PREFIX = 'mintonce_';
const BYTES = 32;

/** Makes a key for a caller, and the hash of it that the configuration holds. */
export function makeKey(): { key: string; sha256: string } {
  const key = PREFIX + randomBytes(BYTES).toString('base64url');
  return { key, sha256: hashOfKey(key).toString('hex') };
}
