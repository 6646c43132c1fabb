import Database from 'libsql';
import { CLOCK_TABLE, MachineClock } from './machine-clock.js';
import { ensurePrivateFile, identityOfFile } from './private-file.js';
import { keptUntil, type Slot, type Step } from '../core/slot/slot.js';

const SCHEMA_VERSION = 2;

/** Text is kept as bytes, because a text with a NUL in it would come back without its end. */
const SCHEMA = `
  CREATE TABLE slots (
    namespace BLOB NOT NULL,
    keyId BLOB NOT NULL,
    fence INTEGER NOT NULL,
    published INTEGER NOT NULL,
    payload BLOB NOT NULL,
    tokenEndsAt INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    leaseEndsAt INTEGER NOT NULL,
    error BLOB NOT NULL,
    cooldownEndsAt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    invalidated INTEGER NOT NULL,
    keptUntil INTEGER NOT NULL,
    PRIMARY KEY (namespace, keyId)
  ) STRICT;
  CREATE INDEX slotsByEnd ON slots (keptUntil);
  ${CLOCK_TABLE}
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** How long SQLite itself may block the event loop to wait for another process; whoever calls waits for longer, asynchronously. */
const BLOCKING_MS = 3;

/** Each write drops up to this many slots that ended, so that they go faster than new ones come. */
const DROPPED_PER_WRITE = 4;

type Row = { readonly [Column in keyof Slot]: Slot[Column] extends string ? Buffer : number };

/** The slots of one namespace in one database file. Every method is synchronous and one atomic step. */
export class SlotDatabase {
  readonly #path: string;
  readonly #namespace: Buffer;
  readonly #database: Database.Database;
  readonly #file: string | undefined;
  readonly #clock: MachineClock;
  readonly #select: Database.Statement;
  readonly #replace: Database.Statement;
  readonly #dropEnded: Database.Statement;

  constructor(path: string, namespace: string) {
    ensurePrivateFile(path);
    this.#path = path;
    this.#namespace = Buffer.from(namespace);
    this.#database = open(path);
    this.#file = identityOfFile(path);
    this.#clock = new MachineClock(this.#database);
    this.#select = this.#database.prepare('SELECT * FROM slots WHERE namespace = ? AND keyId = ?');
    this.#replace = this.#database.prepare(`INSERT OR REPLACE INTO slots VALUES (${'?, '.repeat(12)}?)`);
    this.#dropEnded = this.#database.prepare(
      `DELETE FROM slots WHERE rowid IN (SELECT rowid FROM slots WHERE keptUntil <= ? LIMIT ${DROPPED_PER_WRITE})`,
    );
  }

  /** Whether the file was deleted or replaced since it was opened. */
  get isGone(): boolean {
    return identityOfFile(this.#path) !== this.#file;
  }

  /** Runs a step on what is there; only if it changes the slot, runs it again with the write lock held. */
  run<Answer>(keyId: string, step: (slot: Slot | undefined, now: number) => Step<Answer>): Answer {
    // Before anything is read: it may move the instants.
    const now = this.#clock.now();
    const { answer, slot } = step(this.#read(keyId), now);
    return slot ? this.#write(() => this.#change(keyId, step)) : answer;
  }

  /** Fails when nothing can be written. */
  probe(): void {
    this.#clock.now();
    this.#write(() => this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`));
  }

  close(): void {
    this.#database.close();
  }

  #change<Answer>(keyId: string, step: (slot: Slot | undefined, now: number) => Step<Answer>): Answer {
    const now = Date.now();
    const { answer, slot } = step(this.#read(keyId), now);
    if (slot) this.#save(keyId, slot, now);
    this.#dropEnded.run([now]);
    return answer;
  }

  #read(keyId: string): Slot | undefined {
    const row = this.#select.get([this.#namespace, Buffer.from(keyId)]) as Row | undefined;
    return row && { ...row, payload: String(row.payload), nonce: String(row.nonce), error: String(row.error) };
  }

  #save(keyId: string, slot: Slot, now: number): void {
    this.#replace.run([
      this.#namespace,
      Buffer.from(keyId),
      slot.fence,
      slot.published,
      Buffer.from(slot.payload),
      slot.tokenEndsAt,
      Buffer.from(slot.nonce),
      slot.leaseEndsAt,
      Buffer.from(slot.error),
      slot.cooldownEndsAt,
      slot.failures,
      slot.invalidated,
      keptUntil(slot, now),
    ]);
  }

  #write<Answer>(change: () => Answer): Answer {
    return this.#database.transaction(change).immediate();
  }
}

function open(path: string): Database.Database {
  const database = new Database(path);
  try {
    // Waiting for the disk with the file locked would keep the other processes from starting; a new file has nothing to lose.
    database.exec(`PRAGMA busy_timeout = ${BLOCKING_MS}; PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;`);
    if (schemaVersion(database) !== SCHEMA_VERSION) database.transaction(ensureSchema).immediate(database);
    database.exec('PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function ensureSchema(database: Database.Database): void {
  const version = schemaVersion(database);
  if (version === 0) database.exec(SCHEMA);
  else if (version === 1) database.exec(`${CLOCK_TABLE} PRAGMA user_version = ${SCHEMA_VERSION};`);
  else if (version !== SCHEMA_VERSION) throw new Error(`its schema is ${version}; known is only ${SCHEMA_VERSION}`);
}

function schemaVersion(database: Database.Database): number {
  const row = database.prepare('PRAGMA user_version').get([]) as { user_version: number };
  return row.user_version;
}
