import Database from 'libsql';
import { GROUPS_TABLE, GroupPurges } from './group-purges.js';
import { CLOCK_TABLE, MachineClock } from './machine-clock.js';
import { ensurePrivateFile, identityOfCompanions, identityOfFile } from './private-file.js';
import { tablesOf } from './tables.js';
import { writeTransaction } from './write-transaction.js';
import { parseKeyId } from '../core/contract/key-group.js';
import { afterGroupPurge, groupPurge, type SlotStep } from '../core/slot/group-purge.js';
import { keptUntil, type Slot } from '../core/slot/slot-state.js';

const SCHEMA_VERSION = 5;

/** Text is kept as bytes, because a text with a NUL in it would come back without its end. */
const COLUMNS = {
  namespace: 'BLOB',
  keyId: 'BLOB',
  fence: 'INTEGER',
  published: 'INTEGER',
  payload: 'BLOB',
  tokenEndsAt: 'INTEGER',
  nonce: 'BLOB',
  leaseEndsAt: 'INTEGER',
  leaseMs: 'INTEGER',
  error: 'BLOB',
  cooldownEndsAt: 'INTEGER',
  coolingProcess: 'BLOB',
  failures: 'INTEGER',
  invalidated: 'INTEGER',
  voided: 'INTEGER',
  groupPurge: 'INTEGER',
  rejected: 'INTEGER',
  replacedAt: 'INTEGER',
  paceMs: 'INTEGER',
  keptUntil: 'INTEGER',
} satisfies Record<keyof Slot | 'namespace' | 'keyId' | 'keptUntil', 'BLOB' | 'INTEGER'>;

type Column = keyof typeof COLUMNS;

/** What a column holds in a row that an older version wrote. */
const UNKNOWN = { INTEGER: '0', BLOB: "x''" };

const NAMES = Object.keys(COLUMNS) as Column[];

const SCHEMA = `
  CREATE TABLE slots (
    ${NAMES.map((name) => `${name} ${COLUMNS[name]} NOT NULL,`).join('\n    ')}
    PRIMARY KEY (namespace, keyId)
  ) STRICT;
  CREATE INDEX slotsByEnd ON slots (keptUntil);
  ${CLOCK_TABLE}
  ${GROUPS_TABLE}
`;

/**
 * What brings a file of an older version to the next one, by the version that it has. A running process of version 2 writes
 * that number again each time that it probes the file, so a migration may find its work done.
 *
 * A running process of an older version goes on with a file that was migrated, and its writes leave the new columns unknown.
 */
const MIGRATIONS: Readonly<Record<number, (database: Database.Database) => string>> = {
  0: () => `${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}`,
  1: () => `${CLOCK_TABLE} PRAGMA user_version = 2`,
  2: (database) => `${missingColumns(database)} PRAGMA user_version = 3`,
  3: (database) => `${missingColumns(database)} PRAGMA user_version = 4`,
  4: (database) => `${missingColumns(database)} ${GROUPS_TABLE} PRAGMA user_version = 5`,
};

/** How long SQLite itself may block the event loop to wait for another process; whoever calls waits for longer, asynchronously. */
const BLOCKING_MS = 3;

/** Each write drops up to this many slots that ended, so that they go faster than new ones come. */
const DROPPED_PER_WRITE = 4;

type Row = { readonly [Field in keyof Slot]: Slot[Field] extends string ? Buffer : number };

/** The slots of one namespace in one database file. Every method is synchronous and one atomic step. */
export class SlotDatabase {
  readonly #path: string;
  readonly #namespace: Buffer;
  readonly #database: Database.Database;
  readonly #file: string | undefined;
  readonly #companions: string;
  readonly #clock: MachineClock;
  readonly #groupPurges: GroupPurges;
  readonly #select: Database.Statement;
  readonly #replace: Database.Statement;
  readonly #dropEnded: Database.Statement;
  readonly #dataVersion: Database.Statement;
  #ownWrites = 0;

  constructor(path: string, namespace: string) {
    ensurePrivateFile(path);
    this.#path = path;
    this.#namespace = Buffer.from(namespace);
    // Before it is opened: one that replaces it meanwhile is not the one that is open.
    this.#file = identityOfFile(path);
    this.#database = open(path);
    this.#companions = identityOfCompanions(path);
    this.#clock = new MachineClock(this.#database, () => this.#ownWrites++);
    this.#dataVersion = this.#database.prepare('PRAGMA data_version').raw(true);
    this.#groupPurges = new GroupPurges(this.#database, this.#namespace);
    this.#select = this.#database.prepare('SELECT * FROM slots WHERE namespace = ? AND keyId = ?');
    this.#replace = this.#database.prepare(
      `INSERT OR REPLACE INTO slots (${NAMES.join(', ')}) VALUES (${NAMES.map(() => '?').join(', ')})`,
    );
    this.#dropEnded = this.#database.prepare(
      `DELETE FROM slots WHERE rowid IN (SELECT rowid FROM slots WHERE keptUntil <= ? LIMIT ${DROPPED_PER_WRITE})`,
    );
  }

  /** Whether the file was deleted or replaced since it was opened. */
  get isGone(): boolean {
    return identityOfFile(this.#path) !== this.#file;
  }

  /**
   * Whether a companion of the file was, while the file itself is there. SQLite goes on with the companions that it has open, and a
   * process that starts later has others: the two share neither tokens nor locks.
   */
  get isTorn(): boolean {
    // First the companions: if the file is there after that, they were those of no other file.
    return identityOfCompanions(this.#path) !== this.#companions && !this.isGone;
  }

  /** Grows with each commit to the file. SQLite counts those of the other connections; both numbers only grow, so their sum does. */
  get version(): number {
    const [othersWrites] = this.#dataVersion.get([]) as [number];
    return othersWrites + this.#ownWrites;
  }

  /** Runs a step on what is there; only if it changes the slot, runs it again with the write lock held. */
  run<Answer>(keyId: string, step: SlotStep<Answer>): Answer {
    const { group, id } = parseKeyId(keyId);
    const afterPurge: SlotStep<Answer> = (slot, now) => afterGroupPurge(this.#groupPurges.last(group), step)(slot, now);
    // Before anything is read: it may move the instants.
    const now = this.#clock.now();
    const { answer, slot } = afterPurge(this.#read(id), now);
    return slot ? this.#write(() => this.#change(id, afterPurge)) : answer;
  }

  /** Purges all keys of a group; answers the fence up to which they are void. */
  purgeGroup(group: string): number {
    this.#clock.now();
    return this.#write(() => {
      const fence = groupPurge(this.#groupPurges.last(group), Date.now());
      this.#groupPurges.remember(group, fence);
      return fence;
    });
  }

  /** Fails when nothing can be written. */
  probe(): void {
    this.#clock.now();
    // The version that is there: a newer process may have raised it.
    this.#write(() => this.#database.exec(`PRAGMA user_version = ${schemaVersion(this.#database)}`));
  }

  close(): void {
    this.#database.close();
  }

  #change<Answer>(id: string, step: SlotStep<Answer>): Answer {
    const now = Date.now();
    const { answer, slot } = step(this.#read(id), now);
    if (slot) this.#save(id, slot, now);
    this.#dropEnded.run([now]);
    return answer;
  }

  #read(keyId: string): Slot | undefined {
    const row = this.#select.get([this.#namespace, Buffer.from(keyId)]) as Row | undefined;
    if (!row) return undefined;
    const { payload, nonce, error, coolingProcess } = row;
    return {
      ...row,
      payload: String(payload),
      nonce: String(nonce),
      error: String(error),
      coolingProcess: String(coolingProcess),
    };
  }

  #save(keyId: string, slot: Slot, now: number): void {
    const row: Record<Column, Buffer | number> = {
      ...slot,
      namespace: this.#namespace,
      keyId: Buffer.from(keyId),
      payload: Buffer.from(slot.payload),
      nonce: Buffer.from(slot.nonce),
      error: Buffer.from(slot.error),
      coolingProcess: Buffer.from(slot.coolingProcess),
      keptUntil: keptUntil(slot, now),
    };
    this.#replace.run(NAMES.map((name) => row[name]));
  }

  #write<Answer>(change: () => Answer): Answer {
    this.#ownWrites++;
    return writeTransaction(this.#database, change);
  }
}

function open(path: string): Database.Database {
  const database = new Database(path);
  try {
    // Waiting for the disk with the file locked would keep the other processes from starting; a new file has nothing to lose.
    database.exec(`PRAGMA busy_timeout = ${BLOCKING_MS}; PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;`);
    if (schemaVersion(database) !== SCHEMA_VERSION) writeTransaction(database, () => ensureSchema(database));
    database.exec('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function ensureSchema(database: Database.Database): void {
  if (schemaVersion(database) === 0) refuseTablesOfOthers(database);
  for (let version = schemaVersion(database); version !== SCHEMA_VERSION; version = schemaVersion(database)) {
    const migration = MIGRATIONS[version];
    if (migration === undefined) throw new Error(newerSchema(version));
    database.exec(migration(database));
  }
}

/** Most programs number no schema, so that their files have the version of one that is new. */
function refuseTablesOfOthers(database: Database.Database): void {
  const [table] = tablesOf(database);
  if (table === undefined) return;
  throw new Error(`it is a file of another program, which has the table ${table}: give another path`);
}

function newerSchema(version: number): string {
  return (
    `its schema is ${version}, which a newer version of this library wrote; known here is ${SCHEMA_VERSION}: ` +
    'use that version, or give another path, where each token is minted once more'
  );
}

function missingColumns(database: Database.Database): string {
  const columns = database.prepare('PRAGMA table_info(slots)').all([]) as { name: string }[];
  const known = new Set(columns.map(({ name }) => name));
  return NAMES.filter((name) => !known.has(name))
    .map((name) => `ALTER TABLE slots ADD COLUMN ${name} ${COLUMNS[name]} NOT NULL DEFAULT ${UNKNOWN[COLUMNS[name]]};`)
    .join(' ');
}

function schemaVersion(database: Database.Database): number {
  const row = database.prepare('PRAGMA user_version').get([]) as { user_version: number };
  return row.user_version;
}
