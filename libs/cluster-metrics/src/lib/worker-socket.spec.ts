import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Family } from './family.js';
import { type Answer, answerWithin, ask, checkSocketPath, serve } from './worker-socket.js';

const root = mkdtempSync(join(tmpdir(), 'cm-sock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let paths = 0;
const newPath = () => join(root, `${paths++}.sock`);
const families: Family[] = [{ name: 'x', help: 'h', type: 'counter', aggregator: 'sum', values: [] }];

describe('ask', () => {
  it('gets the metrics of a worker that listens', async () => {
    const path = newPath();
    const server = await serve(path, async () => families);
    expect(await ask(path, 5000)).toEqual({ state: 'up', families });
    server.close();
  });

  it('calls a worker gone if no process listens on its socket, or none does any more', async () => {
    const path = newPath();
    writeFileSync(path, '');
    expect(await ask(path, 5000)).toEqual({ state: 'gone' });
    expect(await ask(newPath(), 5000)).toEqual({ state: 'gone' });
  });

  it.each(['', '[{"name":"x","valu'])('calls a worker silent if its answer ends after %j', async (beginning) => {
    const path = newPath();
    const server = createServer((socket) => socket.end(beginning)).listen(path);
    await once(server, 'listening');
    expect(await ask(path, 5000)).toEqual({ state: 'silent' });
    server.close();
  });

  it('calls a worker silent if it does not answer in time', async () => {
    const path = newPath();
    const server = await serve(path, () => new Promise(() => undefined));
    expect(await ask(path, 20)).toEqual({ state: 'silent' });
    server.close();
  });

  it('calls a worker silent if it cannot collect its metrics', async () => {
    const path = newPath();
    const server = await serve(path, () => Promise.reject(new Error('no')));
    expect(await ask(path, 5000)).toEqual({ state: 'silent' });
    server.close();
  });
});

describe('answerWithin', () => {
  const never = new Promise<Family[]>(() => undefined);

  it.each<[string, Promise<Family[]>, Answer]>([
    ['up if the metrics are there in time', Promise.resolve(families), { state: 'up', families }],
    ['silent if they are late', never, { state: 'silent' }],
  ])('calls this process %s', async (_, collected, answer) => {
    expect(await answerWithin(collected, 20)).toEqual(answer);
  });

  it('calls this process silent if it cannot collect its metrics', async () => {
    expect(await answerWithin(Promise.reject(new Error('no')), 20)).toEqual({ state: 'silent' });
  });
});

describe('serve', () => {
  it('refuses a path that is in use', async () => {
    const path = newPath();
    const server = await serve(path, async () => families);
    await expect(serve(path, async () => families)).rejects.toThrow('EADDRINUSE');
    server.close();
  });

  it('removes its socket when it is closed', async () => {
    const path = newPath();
    const server = await serve(path, async () => families);
    server.close();
    await once(server, 'close');
    expect(existsSync(path)).toBe(false);
  });
});

describe('checkSocketPath', () => {
  it('refuses a path that is longer than the system allows, and says what to change', () => {
    expect(() => checkSocketPath('/tmp/x.sock')).not.toThrow();
    expect(() => checkSocketPath(`/tmp/${'x'.repeat(110)}.sock`)).toThrow(/shorter "directory" or "application"/);
  });
});
