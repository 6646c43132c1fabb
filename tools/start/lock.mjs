import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from './process-identity.mjs';
import { StartError } from './start-error.mjs';

const GRACE_MS = 25_000;

/**
 * Allows one `npm start` at a time. The lock file names the process that runs, its temporary directory and its children. The
 * children of a start that was killed are ended first.
 *
 * @throws StartError if another start runs
 */
export async function acquireLock({ stateDirectory, url }) {
  mkdirSync(stateDirectory, { recursive: true });
  const path = join(stateDirectory, 'start.json');
  const content = { ...describe(process.pid), url, children: [] };
  while (!create(path, content)) await clearStale(path);
  // Outside the project, for a short path: PM2 and the workers put Unix sockets there, whose path has 103 bytes at most on macOS.
  content.temporaryDirectory = mkdtempSync(join(tmpdir(), 'mintonce-'));
  const save = () => writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  save();
  return {
    temporaryDirectory: content.temporaryDirectory,
    /** Records a child, so that the next start ends it if this one is killed. */
    add(child) {
      content.children.push(describe(child.pid));
      save();
    },
    release() {
      rmSync(content.temporaryDirectory, { recursive: true, force: true });
      rmSync(path, { force: true });
    },
  };
}

function describe(pid) {
  return { pid, identity: identityOf(pid) };
}

function create(path, content) {
  try {
    writeFileSync(path, JSON.stringify(content), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function clearStale(path) {
  const { children = [], temporaryDirectory, url, ...owner } = read(path);
  if (isRunning(owner))
    throw new StartError(`npm start runs already: ${url} (process ${owner.pid}). Stop it with Ctrl-C in its terminal.`);
  console.log('The last start was killed; ending its processes.');
  for (const child of children.toReversed()) await end(child);
  if (temporaryDirectory) rmSync(temporaryDirectory, { recursive: true, force: true });
  rmSync(path, { force: true });
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

function isRunning({ pid, identity }) {
  return pid !== undefined && identity !== undefined && identityOf(pid) === identity;
}

async function end(child) {
  if (!isRunning(child)) return;
  process.kill(child.pid, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (isRunning(child) && Date.now() < deadline) await sleep(50);
  if (isRunning(child)) process.kill(-child.pid, 'SIGKILL');
}
