import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type Cluster, type Redis } from 'ioredis';

const HEAD = read('head');

/**
 * A Lua script, run by its digest. Not ioredis' `defineCommand`: that would add methods to a client which is not ours, and
 * its commands rewrite themselves while they are sent.
 */
export class RedisScript {
  readonly #lua: string;
  readonly #sha: string;

  /** @param name a file in `lua/` */
  constructor(name: string) {
    this.#lua = `${HEAD}\n${read(name)}`;
    this.#sha = createHash('sha1').update(this.#lua).digest('hex');
  }

  /** A server that was restarted, flushed or failed over does not know the digest, and has then done nothing yet. */
  async run(client: Redis | Cluster, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await client.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.eval(this.#lua, keys.length, ...keys, ...args);
    }
  }
}

function read(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}
