import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApplicationDirectory } from './application-directory.js';
import { locate } from './placement.js';
import { serve } from './worker-socket.js';

const root = mkdtempSync(join(tmpdir(), 'cm-dir-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const home = `cluster-metrics-${process.getuid!()}`;
const newParent = () => mkdtempSync(join(root, 'p-'));
const { folder } = locate('shop', {});

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('openApplicationDirectory', () => {
  it('makes a directory that only this user can enter', async () => {
    const parent = newParent();
    const directory = await openApplicationDirectory(parent, folder);
    expect(directory).toBe(join(parent, home, folder));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(parent, home)).mode & 0o777).toBe(0o700);
  });

  it('uses a directory that already exists', async () => {
    const parent = newParent();
    expect(await openApplicationDirectory(parent, folder)).toBe(await openApplicationDirectory(parent, folder));
  });

  it('refuses a directory that other users may enter', async () => {
    const parent = newParent();
    mkdirSync(join(parent, home));
    chmodSync(join(parent, home), 0o755);
    await expect(openApplicationDirectory(parent, folder)).rejects.toThrow(/closed to others.*option "directory"/);
  });

  it('refuses a symbolic link in place of the directory', async () => {
    const parent = newParent();
    mkdirSync(join(parent, 'elsewhere'), { mode: 0o700 });
    symlinkSync('elsewhere', join(parent, home));
    await expect(openApplicationDirectory(parent, folder)).rejects.toThrow('must be a directory of this user');
  });

  it('removes the directory of a daemon that has ended, and no other', async () => {
    const parent = newParent();
    const left = join(parent, home, `${await deadPid()}.1.shop`);
    const reused = join(parent, home, `${process.pid}.1.shop`);
    const running = join(parent, home, locate('mail', {}).folder);
    const foreign = join(parent, home, 'notes');
    [left, reused, running, foreign].forEach((path) => mkdirSync(path, { recursive: true, mode: 0o700 }));
    chmodSync(join(parent, home), 0o700);
    await openApplicationDirectory(parent, folder);
    expect([left, reused, running, foreign].map((path) => existsSync(path))).toEqual([false, false, true, true]);
  });

  it('keeps the directory of a daemon that has ended while a worker answers in it, as from another container', async () => {
    const parent = newParent();
    const left = join(parent, home, `${await deadPid()}.1.shop`);
    mkdirSync(left, { recursive: true, mode: 0o700 });
    chmodSync(join(parent, home), 0o700);
    const server = await serve(join(left, '0-1-1.sock'), async () => []);
    try {
      await openApplicationDirectory(parent, folder);
      expect(existsSync(left)).toBe(true);
    } finally {
      server.close();
    }
  });
});
