import Database from 'libsql';
import { writeTransaction } from './write-transaction.js';

describe('A write transaction', () => {
  let database: Database.Database;
  const insert = (bytes: number) => database.prepare('INSERT INTO t VALUES (zeroblob(?))').run([bytes]);
  const count = () => (database.prepare('SELECT count(*) AS rows FROM t').get([]) as { rows: number }).rows;

  beforeEach(() => {
    database = new Database(':memory:');
    database.exec('CREATE TABLE t (value BLOB)');
  });
  afterEach(() => database.close());

  it('answers what the change answers, and keeps it', () => {
    expect(writeTransaction(database, () => (insert(1), 'done'))).toBe('done');
    expect(count()).toBe(1);
  });

  it.each<[string, () => void, string]>([
    [
      'of the change',
      () => {
        throw new Error('sabotage');
      },
      'sabotage',
    ],
    ['after which SQLite has rolled back by itself', () => insert(1_000_000), 'database or disk is full'],
  ])('throws the error %s, keeps nothing, and lets the next one be', (_which, fail, message) => {
    database.exec('PRAGMA max_page_count = 10');
    const change = () => {
      insert(1);
      fail();
    };
    expect(() => writeTransaction(database, change)).toThrow(message);

    expect(count()).toBe(0);
    writeTransaction(database, () => insert(1));
    expect(count()).toBe(1);
  });
});
