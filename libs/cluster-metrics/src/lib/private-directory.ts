import { lstat, mkdir } from 'node:fs/promises';

/**
 * Makes sure of a directory that nobody else can enter: whoever could write to it could forge metrics, and in a shared
 * temporary directory anyone may have made it before us.
 *
 * @throws Error naming the directory if it belongs to someone else, is open to others or is no directory
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(path).then((stats) =>
    stats.isDirectory() ? stats : Promise.reject(notOurs(path)),
  );
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw notOurs(path);
  }
}

function notOurs(path: string): Error {
  return new Error(
    `The metrics directory ${path} must be a directory of this user that is closed to others (mode 0700): ` +
      'remove it, or choose another place with the option "directory"',
  );
}
