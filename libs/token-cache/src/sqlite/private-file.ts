import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Suffixes of the files that SQLite keeps beside a database, with the mode of the database. */
const COMPANIONS = ['-wal', '-shm'];

/** Makes the database file, or checks the one that exists, with mode 0600. A folder that is made for it gets 0700. */
export function ensurePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const companions = COMPANIONS.map((suffix) => path + suffix).filter((companion) => existsSync(companion));
  if (!existsSync(path)) {
    // SQLite would read companions of a deleted database into the new one.
    for (const companion of companions) rmSync(companion, { force: true });
    createEmpty(path);
  }
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
    throw new Error(`${path} is no file: move it away, and one is made`);
  }
  for (const file of [path, ...companions]) if (existsSync(file)) chmodSync(file, 0o600);
}

/** Device and inode of a file: a file that replaces it has others. Undefined if there is none. */
export function identityOfFile(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

/** The same for what SQLite keeps beside a database, without which it is nothing. */
export function identityOfCompanions(path: string): string {
  return COMPANIONS.map((suffix) => identityOfFile(path + suffix)).join();
}

/** Makes an empty file. It opens no existing one, because closing it would release the POSIX locks that SQLite holds on it. */
function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
