import { type Database, type Statement } from 'libsql';

/** A row for each integration that was ever purged as a whole; few, and so kept for good. */
export const GROUPS_TABLE = `
  CREATE TABLE IF NOT EXISTS groups (
    namespace BLOB NOT NULL,
    name BLOB NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT;
`;

/** The last purge of each group of keys in one namespace of a database file. */
export class GroupPurges {
  readonly #namespace: Buffer;
  readonly #select: Statement;
  readonly #replace: Statement;

  constructor(database: Database, namespace: Buffer) {
    this.#namespace = namespace;
    this.#select = database.prepare('SELECT fence FROM groups WHERE namespace = ? AND name = ?');
    this.#replace = database.prepare('INSERT OR REPLACE INTO groups (namespace, name, fence) VALUES (?, ?, ?)');
  }

  /** The fence of the last purge of a group; 0 for none. */
  last(group: string | undefined): number {
    if (group === undefined) return 0;
    const row = this.#select.get([this.#namespace, Buffer.from(group)]) as { fence: number } | undefined;
    return row?.fence ?? 0;
  }

  remember(group: string, fence: number): void {
    this.#replace.run([this.#namespace, Buffer.from(group), fence]);
  }
}
