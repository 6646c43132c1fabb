import { randomBytes } from 'node:crypto';

/** The payload of all rows: what identity providers of today give. */
export const JWT_BYTES = 1_200;
/** Far longer than a run. */
export const LIFE_MS = 4 * 3_600_000;

/** A token in the form of a JWT, another one at each call; its signature is noise. */
export function jwt(): string {
  const now = Math.floor(Date.now() / 1_000);
  const head = [
    { alg: 'RS256', typ: 'at+jwt' },
    { iat: now, exp: now + LIFE_MS / 1_000 },
  ]
    .map(encoded)
    .join('.');
  const signature = randomBytes(JWT_BYTES).toString('base64url');
  return `${head}.${signature}`.slice(0, JWT_BYTES);
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
