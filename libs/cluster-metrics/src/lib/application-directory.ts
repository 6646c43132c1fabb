import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { daemonOf } from './placement.js';
import { makePrivateDirectory } from './private-directory.js';
import { identify } from './process-identity.js';
import { ask } from './worker-socket.js';

/**
 * Makes the private directory of this application, and removes the directories of applications whose daemon has ended.
 *
 * @param directory parent of the `cluster-metrics-<uid>` folder; by default the directory for temporary files
 * @param folder name of the application's own folder
 * @returns the absolute path of that folder
 * @throws Error if a directory on the way belongs to another user or is open to others
 */
export async function openApplicationDirectory(directory: string | undefined, folder: string): Promise<string> {
  // On macOS the path of a user's temporary directory alone takes half of the bytes that a socket's path may have.
  const parent = directory ?? (process.platform === 'darwin' ? '/tmp' : tmpdir());
  const home = resolve(parent, `cluster-metrics-${process.getuid?.()}`);
  await makePrivateDirectory(home);
  await removeAbandoned(home);
  await makePrivateDirectory(join(home, folder));
  return join(home, folder);
}

async function removeAbandoned(home: string): Promise<void> {
  const folders = await readdir(home);
  await Promise.all(
    folders.map(async (folder) => {
      if (hasEnded(folder) && !(await isInhabited(join(home, folder)))) {
        await rm(join(home, folder), { recursive: true, force: true });
      }
    }),
  );
}

function hasEnded(folder: string): boolean {
  const daemon = daemonOf(folder);
  return daemon !== undefined && identify(daemon.pid)?.startTicks !== daemon.startTicks;
}

/**
 * Whether any worker answers in the directory. Two containers may share it: a process id of the one means nothing in the
 * other, but its sockets can be connected to.
 */
async function isInhabited(directory: string): Promise<boolean> {
  const files = await readdir(directory).catch(() => []);
  const sockets = files.filter((file) => file.endsWith('.sock'));
  const answers = await Promise.all(sockets.map((socket) => ask(join(directory, socket), 100)));
  return answers.some(({ state }) => state !== 'gone');
}
