import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { daemonOf } from './placement.js';
import { makePrivateDirectory } from './private-directory.js';
import { identify } from './process-identity.js';
import { ask } from './worker-socket.js';

/**
 * Makes the private directory of this application, and removes those of applications whose daemon has ended.
 *
 * @param directory where to make it; by default the directory for temporary files
 */
export async function openApplicationDirectory(directory: string | undefined, folder: string): Promise<string> {
  // macOS has a temporary directory per user, whose name alone fills half the length of a socket's path.
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

/** Process ids mean nothing to a container that shares the directory with another, but sockets do. */
async function isInhabited(directory: string): Promise<boolean> {
  const files = await readdir(directory).catch(() => []);
  const sockets = files.filter((file) => file.endsWith('.sock'));
  const answers = await Promise.all(sockets.map((socket) => ask(join(directory, socket), 100)));
  return answers.some(({ state }) => state !== 'gone');
}
