import { type Redis } from 'ioredis';

/** What would stay in Redis for ever. */
export async function immortalKeys(masters: readonly Redis[]): Promise<string[]> {
  const found = await Promise.all(masters.map((master) => immortalKeysOf(master)));
  return found.flat();
}

async function immortalKeysOf(master: Redis): Promise<string[]> {
  const keys = await master.keys('mintonce*');
  const ttls = await Promise.all(keys.map((key) => master.pttl(key)));
  return keys.filter((_, index) => ttls[index] === -1).map((key) => `${key} has no end`);
}
