import { timingSafeEqual } from 'node:crypto';
import { type AccessConfig } from '../config/access.schema.js';
import { hashOfKey } from '../config/key-hash.js';
import { type Caller } from './caller.js';
import { Grant } from './grant.js';

/** The callers that are known by a key. The keys themselves are not kept, only their hashes. */
export class ApiKeys {
  private readonly known: readonly { readonly hash: Buffer; readonly caller: Caller }[];

  constructor(config: AccessConfig['apiKeys']) {
    this.known = config.flatMap(({ id, sha256, ...grant }) => {
      const caller = { id, grant: new Grant(grant) };
      return sha256.map((hash) => ({ hash, caller }));
    });
  }

  /** The caller whose key it is. Every hash is compared in full, so that the time tells nothing. */
  callerOf(key: string): Caller | undefined {
    const hash = hashOfKey(key);
    let found: Caller | undefined;
    for (const { hash: expected, caller } of this.known) {
      if (timingSafeEqual(hash, expected)) found = caller;
    }
    return found;
  }
}
