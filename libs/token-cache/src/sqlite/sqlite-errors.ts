const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const PROTOCOL = 15;
const NOT_A_DATABASE = 26;

/** Another process is in the way, and soon will not be. */
export function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED, PROTOCOL].includes(primaryCode(error));
}

/** The file cannot be read as a database. */
export function isDamaged(error: unknown): boolean {
  return [CORRUPT, NOT_A_DATABASE].includes(primaryCode(error));
}

/** SQLite's result code without the details in the upper bits, of which libsql does not know all names; -1 for another error. */
function primaryCode(error: unknown): number {
  const { rawCode } = Object(error) as { rawCode?: number };
  return rawCode === undefined ? -1 : rawCode & 0xff;
}
