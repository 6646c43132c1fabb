import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What docs/stores.md grants a user of Redis, such as `+get`; what a cluster or the gateway needs besides is not among it. */
export function documentedRights(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/stores.md'), 'utf8');
  const [, granted] = /The user needs no more than these, .*?`(~[^`]+)`/s.exec(page) ?? [];
  if (granted === undefined) throw new Error('docs/stores.md lists no rights');
  return granted.split(/\s+/).filter((right) => right.startsWith('+'));
}
