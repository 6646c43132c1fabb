import { type Redis } from 'ioredis';

export interface RedisKey {
  readonly name: string;
  /** -1 for a key that stays for ever. */
  readonly ttlMs: number;
}

/** All keys of the server, with the time that they have left. */
export async function keysOf(client: Redis): Promise<RedisKey[]> {
  const names = await client.keys('*');
  const keys = await Promise.all(names.map(async (name) => ({ name, ttlMs: await client.pttl(name) })));
  // What ended between the two questions is not left over.
  return keys.filter(({ ttlMs }) => ttlMs !== -2);
}

/** How many connections of each name the server has, but for the one that asks. */
export async function clientsOf(client: Redis): Promise<Record<string, number>> {
  const own = await client.client('ID');
  const lines = String(await client.client('LIST'))
    .trim()
    .split('\n');
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const [, id, name = ''] = /^id=(\d+) .* name=(\S*) /.exec(line) ?? [];
    if (Number(id) !== own) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
