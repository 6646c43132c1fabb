import { type Redis } from 'ioredis';

/** The key under which a master holds the token of that generation. */
export async function keyOfToken(master: Redis, generation: number | undefined): Promise<string> {
  for (const key of await master.keys('mintonce*:t')) {
    if ((await master.get(key))?.startsWith(`${generation}:`)) return key;
  }
  throw new Error(`There is no token of generation ${generation}`);
}
