import { createHash } from 'node:crypto';

/** Of what a group is made: 72 bits of the hash of a name, which no two integrations of an application share. */
const GROUP_LENGTH = 12;
const IN_GROUP = new RegExp(`^(?<group>[\\w-]{${GROUP_LENGTH}})\\.(?<id>.+)$`, 's');

/** A key id as the store is told it. */
export interface ParsedKeyId {
  /** What the key is purged with; unset for a key that is purged by itself alone. */
  readonly group?: string;
  /** The key itself: names its record and its events. */
  readonly id: string;
}

/** The group of all keys of an integration, in base64url. */
export function groupOf(integration: string): string {
  return createHash('sha256').update(integration).digest('base64url').slice(0, GROUP_LENGTH);
}

/** The id by which a store is told of a key and its group: `<group>.<id>`. */
export function keyIdIn(group: string, id: string): string {
  return `${group}.${id}`;
}

/**
 * Takes a key id apart. Any id is good that names no group.
 *
 * A group is no part of the name of a record, nor of the id in an event, so that versions of this library which know no groups share
 * their records with this one.
 */
export function parseKeyId(keyId: string): ParsedKeyId {
  const parsed = IN_GROUP.exec(keyId)?.groups as Required<ParsedKeyId> | undefined;
  return parsed ?? { id: keyId };
}
