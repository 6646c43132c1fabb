import { type Database } from 'libsql';

/**
 * Runs a change as one transaction that has the write lock from its start; an error in it undoes all of it.
 *
 * After some errors, such as a full disk, SQLite has rolled back by itself. The `transaction()` of libsql rolls back once more, and
 * throws that error in place of the first one.
 */
export function writeTransaction<Answer>(database: Database, change: () => Answer): Answer {
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
