import { daemonOf, locate } from './placement.js';
import { identify } from './process-identity.js';

describe('locate', () => {
  it('takes slot and name from PM2, and its daemon for the parent', () => {
    const { worker, folder, isShared } = locate(undefined, { pm_id: '7', NODE_APP_INSTANCE: '3', name: 'shop' });
    expect(worker).toMatchObject({ slot: 3, pid: process.pid });
    expect(folder).toMatch(/\.shop$/);
    expect(daemonOf(folder)).toEqual(identify(process.ppid));
    expect(isShared).toBe(true);
  });

  it('gives workers of one application one folder, and others another', () => {
    const env = { pm_id: '1', name: 'shop' };
    expect(locate(undefined, { ...env, NODE_APP_INSTANCE: '0' }).folder).toBe(
      locate(undefined, { ...env, NODE_APP_INSTANCE: '1' }).folder,
    );
    expect(locate(undefined, env).folder).not.toBe(locate(undefined, { ...env, name: 'mail' }).folder);
    expect(locate('a', env).folder).not.toBe(locate('b', env).folder);
  });

  it('makes one folder name of any application name', () => {
    expect(locate('@team/shop front', { pm_id: '1' }).folder).toMatch(/^\d+\.\d+\.%40team%2Fshop%20front$/);
  });

  it('falls back to the id that PM2 gave the process, where instance_var has another name', () => {
    expect(locate(undefined, { pm_id: '7' }).worker.slot).toBe(7);
  });

  it('stands alone without PM2: slot 0, in a folder of its own', () => {
    const alone = locate(undefined, {});
    expect(alone.worker.slot).toBe(0);
    expect(alone.isShared).toBe(false);
    expect(daemonOf(alone.folder)).toEqual(identify(process.pid));
    expect(alone.folder).not.toBe(locate(undefined, {}).folder);
  });

  it('is the same incarnation each time in one process', () => {
    expect(locate(undefined, {}).worker).toEqual(locate(undefined, {}).worker);
  });

  it('refuses a slot that is no number', () => {
    expect(() => locate(undefined, { NODE_APP_INSTANCE: 'a' })).toThrow(
      'NODE_APP_INSTANCE must be a whole number, not "a"',
    );
  });
});
