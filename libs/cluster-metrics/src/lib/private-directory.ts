import { lstat, mkdir } from 'node:fs/promises';

/**
 * Makes a directory that only this user can enter, or checks the one that exists. Another user who could write to it could
 * forge metrics, and in a shared temporary directory another user may have made it first.
 *
 * @throws Error naming the directory if it belongs to another user, is open to others or is not a directory
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
