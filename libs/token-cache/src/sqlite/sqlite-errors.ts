const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const PROTOCOL = 15;
const NOT_A_DATABASE = 26;

/** Whether another process holds a lock: a later try can succeed. */
export function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED, PROTOCOL].includes(primaryCode(error));
}

/** Whether the file is not a database, or is corrupt. */
export function isDamaged(error: unknown): boolean {
  return [CORRUPT, NOT_A_DATABASE].includes(primaryCode(error));
}

/** SQLite's primary result code (the low byte of `rawCode`, sqlite.org/rescode.html); -1 for any other error. */
function primaryCode(error: unknown): number {
  const { rawCode } = Object(error) as { rawCode?: number };
  return rawCode === undefined ? -1 : rawCode & 0xff;
}
