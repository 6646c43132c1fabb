import { type EncryptionKey } from '@mintonce/token-cache';
import { z } from 'zod';
import { type ConfigProblem } from './config.error.js';
import { resolveSecret, valueOf } from './secret.js';

/** The library asks for as many; it reads base64 with less care, and so is given the bytes. */
const KEY_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

const key = z.strictObject({
  /** Names the key in the store: letters, digits, `_` and `-`. */
  id: z.string(),
  /** 32 random bytes in base64, or `file:` and the path of a file that holds them. */
  key: z.string().min(1, 'must not be empty'),
});

/** The `encryption` section: how tokens are sealed in the store. The library checks how many keys there are, and their ids. */
export const encryption = z.strictObject({
  /** The first one seals, all of them open. */
  keys: z.array(key),
});

/** Reads the keys, relative to `directory`; those that are none go into `problems`. They are read once, at the start. */
export function resolveEncryption(
  { keys }: z.infer<typeof encryption>,
  directory: string,
  problems: ConfigProblem[],
): readonly EncryptionKey[] {
  return keys.map(({ id, key: value }, index) => {
    const path = `encryption.keys.${index}.key`;
    const known = problems.length;
    const secret = resolveSecret(value, directory, path, problems);
    return { id, key: problems.length > known ? new Uint8Array() : bytesOf(valueOf(secret), path, problems) };
  });
}

function bytesOf(text: string, path: string, problems: ConfigProblem[]): Uint8Array {
  const bytes = BASE64.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES) {
    problems.push({
      path,
      problem: `must be ${KEY_BYTES} bytes in base64, as openssl rand -base64 ${KEY_BYTES} makes them`,
    });
  }
  return bytes;
}
