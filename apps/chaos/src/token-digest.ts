import { createHash } from 'node:crypto';

/** What a token is called where everybody may read it. */
export function tokenDigest(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('hex').slice(0, 12);
}
