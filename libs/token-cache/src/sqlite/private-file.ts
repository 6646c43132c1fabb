import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What SQLite keeps beside a database; it gives them the mode of the database. */
const COMPANIONS = ['-wal', '-shm'];

/** Sees to it that the database exists and that nobody but its owner can read it: 0600 in a folder that, if made here, is 0700. */
export function ensurePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const companions = COMPANIONS.map((suffix) => path + suffix).filter((companion) => existsSync(companion));
  if (!existsSync(path)) {
    // Those of a database that was deleted would be read into the new one.
    for (const companion of companions) rmSync(companion, { force: true });
    createEmpty(path);
  }
  for (const file of [path, ...companions]) if (existsSync(file)) chmodSync(file, 0o600);
}

/** Tells a file from another that takes its place. */
export function identityOfFile(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

/** Never opens a file that is there: closing it again would drop the locks that SQLite holds on it in this process. */
function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
