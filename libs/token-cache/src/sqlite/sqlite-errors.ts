const ERROR = 1;
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const PROTOCOL = 15;
const NOT_A_DATABASE = 26;
/** SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE and _SHMSIZE: SQLite takes only one of the reasons for a full disk. */
const FAILED_WRITES = [778, 1034, 1546, 4874];
/** What Node says when no file can be made. */
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Whether another process holds a lock: a later try can succeed. */
export function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED, PROTOCOL].includes(primaryCode(error));
}

/** Whether the file is not a database, or is corrupt. */
export function isDamaged(error: unknown): boolean {
  return [CORRUPT, NOT_A_DATABASE].includes(primaryCode(error));
}

/** Whether its tables are not those of this library: another program made the file, or changed it. */
export function isForeign(error: unknown): boolean {
  return primaryCode(error) === ERROR;
}

/** Whether nothing can be written until there is room: the disk is full, or a quota or limit is reached. */
function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL || FAILED_WRITES.includes(rawCodeOf(error)) || NO_ROOM.includes(systemCode(error));
}

/** Whether nobody has to be told at once: what is wrong with the file, or the disk, can be mended while processes run. */
export function isRepairable(error: unknown): boolean {
  return isBusy(error) || isDamaged(error) || isFull(error) || primaryCode(error) === IO_ERROR;
}

/** Whether the file takes no writes now and can be read on. */
export function refusesWrites(error: unknown): boolean {
  return primaryCode(error) === READ_ONLY || isFull(error) || isBusy(error);
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
  const rawCode = rawCodeOf(error);
  return rawCode === -1 ? -1 : rawCode & 0xff;
}

function rawCodeOf(error: unknown): number {
  const { rawCode = -1 } = Object(error) as { rawCode?: number };
  return rawCode;
}
