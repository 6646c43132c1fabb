import { createHash, randomBytes } from 'node:crypto';

/** A new key for a caller of a gateway, and the hash of it that belongs into the gateway's file. The key is kept nowhere. */
export function makeKey(): { key: string; sha256: string } {
  // The prefix lets scanners of repositories and logs recognise it.
  const key = `mintonce_${randomBytes(32).toString('base64url')}`;
  return { key, sha256: createHash('sha256').update(key).digest('hex') };
}
