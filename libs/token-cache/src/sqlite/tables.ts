import { type Database } from 'libsql';

/** The names of the tables of a file, without those that SQLite makes for itself. */
export function tablesOf(database: Database): string[] {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all([]) as { name: string }[];
  return tables.map(({ name }) => name).filter((name) => !name.startsWith('sqlite_'));
}
