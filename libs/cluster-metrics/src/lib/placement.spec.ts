import { daemonOf, locate } from './placement.js';
import { identify } from './process-identity.js';

describe('locate', () => {
  it('takes slot and name from the environment of PM2, and the parent process as the daemon', () => {
    const { worker, folder, isShared } = locate(undefined, { pm_id: '7', NODE_APP_INSTANCE: '3', name: 'shop' });
    expect(worker).toMatchObject({ slot: 3, pid: process.pid });
    expect(folder).toMatch(/\.shop$/);
    expect(daemonOf(folder)).toEqual(identify(process.ppid));
    expect(isShared).toBe(true);
  });

  it('gives all workers of an application one folder, and another application another folder', () => {
    const env = { pm_id: '1', name: 'shop' };
    expect(locate(undefined, { ...env, NODE_APP_INSTANCE: '0' }).folder).toBe(
      locate(undefined, { ...env, NODE_APP_INSTANCE: '1' }).folder,
    );
    expect(locate(undefined, env).folder).not.toBe(locate(undefined, { ...env, name: 'mail' }).folder);
    expect(locate('a', env).folder).not.toBe(locate('b', env).folder);
  });

  it('encodes any application name as the name of one folder', () => {
    expect(locate('@team/shop front', { pm_id: '1' }).folder).toMatch(/^\d+\.\d+\.%40team%2Fshop%20front$/);
  });

  it('takes pm_id as the slot if PM2 sets no NODE_APP_INSTANCE', () => {
    expect(locate(undefined, { pm_id: '7' }).worker.slot).toBe(7);
  });

  it('gives a process without PM2 slot 0 and a folder of its own', () => {
    const alone = locate(undefined, {});
    expect(alone.worker.slot).toBe(0);
    expect(alone.isShared).toBe(false);
    expect(daemonOf(alone.folder)).toEqual(identify(process.pid));
    expect(alone.folder).not.toBe(locate(undefined, {}).folder);
  });

  it('gives one process the same incarnation each time', () => {
    expect(locate(undefined, {}).worker).toEqual(locate(undefined, {}).worker);
  });

  it('refuses a NODE_APP_INSTANCE that is not a number', () => {
    expect(() => locate(undefined, { NODE_APP_INSTANCE: 'a' })).toThrow(
      'NODE_APP_INSTANCE must be a whole number, not "a"',
    );
  });
});
