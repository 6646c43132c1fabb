import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { positiveMs } from '../core/contract/positive-ms.js';
import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
} from '../core/contract/token-store.js';
import { offer } from '../core/slot/offer.js';
import { type SlotStep } from '../core/slot/group-purge.js';
import { acquire, commit, fail, invalidate, peek, purge, renew } from '../core/slot/slot.js';
import { SlotDatabase } from './slot-database.js';
import { isBusy, isDamaged, isForbidden, isForeign, isRepairable, refusesWrites } from './sqlite-errors.js';

/** Time that a call waits for the writes of other processes; below the default `storeTimeoutMs` of 500 ms. */
const PATIENCE_MS = 400;
const RETRY_MS = 10;
/** How often hits see to it that the file is still there. Nobody deletes it to have a token rejected, so this may be seldom. */
const LOOK_FOR_FILE_MS = 100;

const TORN = 'its -wal or -shm was deleted while it was open; delete the file as well, and a new one is made';

/** Options of `SqliteTokenStore`. */
export interface SqliteTokenStoreOptions {
  /**
   * Path of the database file. The file and its folder are made if they are missing. The file must be on a local file system:
   * SQLite's write-ahead log does not work on a network share.
   */
  readonly path: string;
  /** Separates the tokens of applications that share a file. @defaultValue `'mintonce'` */
  readonly namespace?: string;
}

/**
 * A token store that shares tokens between all processes of one machine, through a SQLite database that only its owner can read.
 * It needs no server. It has no event channel: each look-up asks whether any process has changed the file, which takes microseconds, and
 * a process in which callers wait asks that every 10 ms. If the file is deleted, it is made again; tokens in hand are shared again, and others minted. While it lacks a companion (`-wal`, `-shm`) that a
 * process had open, that process does not use it.
 *
 * Each method is one transaction. A call waits up to 400 ms for the writes of other processes and then rejects.
 *
 * @example
 * new SqliteTokenStore({ path: '/var/lib/shop/tokens.sqlite' })
 */
export class SqliteTokenStore implements TokenStore {
  readonly #path: string;
  readonly #namespace: string;
  #database?: SlotDatabase;
  #isClosed = false;
  #lookForFileAt = 0;
  #version = 0;
  #seen?: { readonly database: SlotDatabase; readonly version: number };

  /** @throws TokenConfigError naming the option, when the file cannot be made or opened, or a newer version wrote it */
  constructor({ path, namespace = 'mintonce' }: SqliteTokenStoreOptions) {
    if (typeof path !== 'string' || path === '' || path === ':memory:') {
      throw new TokenConfigError('path', 'must be the path of a file; a database in memory cannot be shared');
    }
    if (typeof namespace !== 'string' || namespace === '') {
      throw new TokenConfigError('namespace', 'must be a string that is not empty');
    }
    this.#path = resolve(path);
    this.#namespace = namespace;
    try {
      this.#connect();
    } catch (error) {
      // Until it is repaired every call rejects with the reason.
      if (isRepairable(error)) return;
      throw new TokenConfigError('path', `cannot be used: ${(error as Error).message}${remedyOf(error)}`);
    }
  }

  peek(keyId: string): Promise<Peeked> {
    return this.#run(keyId, peek);
  }

  async acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    positiveMs('leaseMs', attempt.leaseMs);
    return this.#run(keyId, (slot, now) => acquire(slot, attempt, now));
  }

  async renew(keyId: string, lease: Lease): Promise<boolean> {
    positiveMs('leaseMs', lease.leaseMs);
    return this.#run(keyId, (slot, now) => renew(slot, lease, now));
  }

  async commit(keyId: string, lease: Lease, payload: string, ttlMs: number): Promise<Committed> {
    positiveMs('ttlMs', ttlMs);
    return this.#run(keyId, (slot, now) => commit(slot, lease, payload, ttlMs, now));
  }

  async fail(keyId: string, lease: Lease, cooldown?: Cooldown): Promise<boolean> {
    if (cooldown) positiveMs('cooldown.remainingMs', cooldown.remainingMs);
    return this.#run(keyId, (slot, now) => fail(slot, lease, cooldown, now));
  }

  async offer(
    keyId: string,
    generation: number,
    payload: string,
    ttlMs: number,
    since?: AnsweredSince,
  ): Promise<Offered> {
    const offered = { generation, payload, ttlMs: positiveMs('ttlMs', ttlMs), since };
    return this.#run(keyId, (slot, now) => offer(slot, offered, now));
  }

  async invalidate(keyId: string, rejection: Rejection): Promise<RejectionVerdict> {
    positiveMs('paceMs', rejection.paceMs);
    positiveMs('maxPaceMs', rejection.maxPaceMs);
    return this.#run(keyId, (slot, now) => invalidate(slot, rejection, now));
  }

  async purge(keyId: string, withinMs?: number): Promise<number> {
    const refuseLate = refusalAfter(withinMs);
    return this.#run(keyId, (slot, now) => {
      refuseLate();
      return purge(slot, now);
    });
  }

  async purgeGroup(group: string, withinMs?: number): Promise<number> {
    const refuseLate = refusalAfter(withinMs);
    return this.#patiently((database) => {
      refuseLate();
      return database.purgeGroup(group);
    });
  }

  /** By `PRAGMA data_version`; another one also within 100 ms after the file was deleted or replaced. */
  version(): number | undefined {
    try {
      const isDue = performance.now() >= this.#lookForFileAt;
      const database = (isDue ? undefined : this.#database) ?? this.#connect();
      const { version } = database;
      if (this.#seen?.database !== database || this.#seen.version !== version) this.#version++;
      this.#seen = { database, version };
      return this.#version;
    } catch {
      return undefined;
    }
  }

  ping(): Promise<void> {
    return this.#patiently((database) => database.probe());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disconnect();
  }

  /** A write that was refused, as on a full disk or while another program holds the lock: tokens that are there can be read on. */
  hasAnswered(error: unknown): boolean {
    return error instanceof Error && refusesWrites(error.cause);
  }

  #run<Answer>(keyId: string, step: SlotStep<Answer>): Promise<Answer> {
    return this.#patiently((database) => database.run(keyId, step));
  }

  /** Retries while another process writes, and leaves the event loop free between two tries. */
  async #patiently<Answer>(use: (database: SlotDatabase) => Answer): Promise<Answer> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return use(this.#connect());
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw this.#explain(error);
      }
      await sleep(1 + Math.random() * RETRY_MS);
    }
  }

  #connect(): SlotDatabase {
    if (this.#isClosed) throw new Error('it is closed: make no calls after close()');
    if (this.#database?.isGone) this.#disconnect();
    if (this.#database?.isTorn) throw new Error(TORN);
    this.#lookForFileAt = performance.now() + LOOK_FOR_FILE_MS;
    return (this.#database ??= new SlotDatabase(this.#path, this.#namespace));
  }

  #disconnect(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #explain(error: unknown): Error {
    const { message } = error as Error;
    if (!isDamaged(error)) {
      return new Error(`The token store ${this.#path} failed: ${message}${remedyOf(error)}`, { cause: error });
    }
    this.#disconnect();
    return new Error(`The token store ${this.#path} is damaged, delete it and a new one is made: ${message}`, {
      cause: error,
    });
  }
}

/** What to do about an error that does not tell it. */
function remedyOf(error: unknown): string {
  if (isForbidden(error)) return '; let this user write to its folder, or name a file in another one';
  if (isForeign(error))
    return '; its tables are not those of this library: delete it if no other program uses it, or give another path';
  return '';
}

/** Throws once so many ms have passed: its caller then waits no more, and may have minted since. */
function refusalAfter(withinMs: number | undefined): () => void {
  const giveUpAt = withinMs === undefined ? Infinity : performance.now() + positiveMs('withinMs', withinMs);
  return () => {
    if (performance.now() > giveUpAt)
      throw new Error(`a purge waited longer than ${withinMs} ms and deleted nothing: repeat it`);
  };
}
