const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
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

/** Whether the disk, or what this user may use of it, is full. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL || ['ENOSPC', 'EDQUOT'].includes(systemCode(error));
}

/** Whether the system does not let this user write there. */
export function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(systemCode(error));
}

/** The code of an error of `node:fs`; empty for any other error. */
function systemCode(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** SQLite's primary result code (the low byte of `rawCode`, sqlite.org/rescode.html); -1 for any other error. */
function primaryCode(error: unknown): number {
  const { rawCode } = Object(error) as { rawCode?: number };
  return rawCode === undefined ? -1 : rawCode & 0xff;
}
