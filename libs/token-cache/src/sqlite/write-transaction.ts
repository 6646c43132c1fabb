import { type Database } from 'libsql';

/**
 * Makes a change as one atomic step, with the write lock held from the start.
 *
 * `transaction()` of libsql rolls back whatever happened. An error that has ended the transaction by itself, as a full disk does, is
 * then lost: that of the superfluous ROLLBACK takes its place.
 */
export function inWriteTransaction<Answer>(database: Database, change: () => Answer): Answer {
  database.exec('BEGIN IMMEDIATE');
  try {
    const answer = change();
    database.exec('COMMIT');
    return answer;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
