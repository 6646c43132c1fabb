import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, isRunning } from './process-identity.js';

describe('identify', () => {
  it('gives a process the same identity each time', () => {
    expect(identify(process.pid)).toEqual(identify(process.pid));
    expect(identify(process.pid)?.pid).toBe(process.pid);
  });

  it('gives undefined for a process that has ended', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(identify(child.pid!)).toBeUndefined();
    expect(isRunning(child.pid!)).toBe(false);
  });

  it('reads the start time of a process whose name holds brackets and spaces', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'process.title = "a) 1 (b"; console.log("ready"); setInterval(() => {}, 1e6)',
    ]);
    try {
      await once(child.stdout, 'data');
      expect(identify(child.pid!)!.startTicks).toBeGreaterThanOrEqual(identify(process.pid)!.startTicks);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
