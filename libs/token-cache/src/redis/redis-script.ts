import { createHash } from 'node:crypto';

import { type Cluster, type Redis } from 'ioredis';
import { knownScripts } from './known-scripts.js';
import acquire from './lua/acquire.lua.js';
import announce from './lua/announce.lua.js';
import change from './lua/change.lua.js';
import commit from './lua/commit.lua.js';
import fail from './lua/fail.lua.js';
import head from './lua/head.lua.js';
import hit from './lua/hit.lua.js';
import invalidate from './lua/invalidate.lua.js';
import now from './lua/now.lua.js';
import offer from './lua/offer.lua.js';
import peek from './lua/peek.lua.js';
import purge from './lua/purge.lua.js';
import purgeGroup from './lua/purge-group.lua.js';
import renew from './lua/renew.lua.js';
import { sendScript } from './send-script.js';

/** Text and not files: a bundle has no folder to read from. */
const SCRIPTS = { acquire, announce, commit, fail, invalidate, now, offer, peek, purge, purgeGroup, renew };

/** What a script does before what only other answers need is made: most calls of `acquire` are hits, which go no further. */
const FIRST: Partial<Record<keyof typeof SCRIPTS, string>> = { acquire: hit };

/**
 * A Lua script, run by its SHA-1 digest once the server has it. ioredis' `defineCommand` is not used: it adds methods to a client that belongs to the
 * user, and its commands change while they are sent.
 */
export class RedisScript {
  readonly #lua: string;
  readonly #sha: string;

  /** @param name of a script in `lua/` */
  constructor(name: keyof typeof SCRIPTS) {
    this.#lua = [head, FIRST[name] ?? '', change, SCRIPTS[name]].join('\n');
    this.#sha = createHash('sha1').update(this.#lua).digest('hex');
  }

  /**
   * Runs the script in one round trip. A server that was flushed, or replaced unnoticed, answers NOSCRIPT; it has then executed
   * nothing, so the script is sent whole.
   *
   * @param node names the server of the keys
   */
  async run(
    client: Redis | Cluster,
    node: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const known = knownScripts(client);
    const name = node + this.#sha;
    const rest = [keys.length, ...keys, ...args] as const;
    if (known.has(name)) {
      try {
        return await sendScript(client, 'evalsha', [this.#sha, ...rest]);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        known.clear();
      }
    }
    const answer = await sendScript(client, 'eval', [this.#lua, ...rest]);
    known.add(name);
    return answer;
  }
}
