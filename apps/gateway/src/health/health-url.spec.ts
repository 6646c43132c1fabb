import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { leaveHealthUrl } from './health-url.js';

describe('The URL of the health check', () => {
  let directory: TemporaryDirectory;
  let server: Server;

  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(async () => {
    server.close();
    await once(server, 'close');
    directory.remove();
  });

  async function listen(host: string): Promise<number> {
    server = createServer().listen(0, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it.each([
    ['127.0.0.1', false, 'http://127.0.0.1:'],
    ['0.0.0.0', false, 'http://127.0.0.1:'],
    ['0.0.0.0', true, 'https://127.0.0.1:'],
    ['127.0.0.2', true, 'https://127.0.0.2:'],
    ['::1', false, 'http://[::1]:'],
    ['::', true, 'https://[::1]:'],
  ])('of a server on %s, with TLS %s, begins with %s', async (host, isTls, origin) => {
    const port = await listen(host);
    const path = join(directory.path, 'health-url');
    leaveHealthUrl(server, isTls, path);
    expect(readFileSync(path, 'utf8')).toBe(`${origin}${port}/health/live\n`);
    expect(readdirSync(directory.path)).toEqual(['health-url']);
  });

  it('is written into no file that a link of somebody else leads to', async () => {
    const port = await listen('127.0.0.1');
    const [path, victim] = [join(directory.path, 'health-url'), join(directory.path, 'victim')];
    writeFileSync(victim, 'mine');
    for (const link of [path, `${path}.${process.pid}`]) symlinkSync(victim, link);
    leaveHealthUrl(server, false, path);

    expect(readFileSync(victim, 'utf8')).toBe('mine');
    expect(readFileSync(path, 'utf8')).toBe(`http://127.0.0.1:${port}/health/live\n`);
  });

  it('is left nowhere if no one checks', async () => {
    await listen('127.0.0.1');
    leaveHealthUrl(server, false, undefined);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('costs a warning that names the variable where it cannot be written, and not the start', async () => {
    await listen('127.0.0.1');
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    leaveHealthUrl(server, false, join(directory.path, 'gone', 'health-url'));
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(/^GATEWAY_HEALTH_FILE: .*health-url .*\(ENOENT\)/));
    warned.mockRestore();
  });
});
