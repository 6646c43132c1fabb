import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type Cluster, type Redis } from 'ioredis';

import { sendScript } from './send-script.js';

const HEAD = read('head');

/**
 * A Lua script, run by its SHA-1 digest. ioredis' `defineCommand` is not used: it adds methods to a client that belongs to the
 * user, and its commands change while they are sent.
 */
export class RedisScript {
  readonly #lua: string;
  readonly #sha: string;

  /** @param name name of a file in `lua/`, without its extension */
  constructor(name: string) {
    this.#lua = `${HEAD}\n${read(name)}`;
    this.#sha = createHash('sha1').update(this.#lua).digest('hex');
  }

  /**
   * Runs the script. A server that was restarted, flushed or failed over answers NOSCRIPT; it has then executed nothing, so the
   * script is sent whole.
   */
  async run(client: Redis | Cluster, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await sendScript(client, 'evalsha', [this.#sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return sendScript(client, 'eval', [this.#lua, keys.length, ...keys, ...args]);
    }
  }
}

function read(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}
