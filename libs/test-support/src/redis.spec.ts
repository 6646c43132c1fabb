import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAlive } from './is-alive.js';
import { startNode } from './node-process.js';
import { type RedisServer, startRedis } from './redis.js';
import { temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

const MODULE = pathToFileURL(join(__dirname, '../dist/redis.js')).href;

const FORGETFUL = `
  import { startRedis } from '${MODULE}';
  const { pid, socketPath } = await startRedis();
  setInterval(() => {}, 1000);
  console.log('pid=' + pid + ' socket=' + socketPath + ' ready');
`;

describe('startRedis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis({ args: ['--maxmemory', '64mb'] });
  });

  afterAll(async () => {
    await redis.stop();
    expect(isAlive(redis.pid)).toBe(false);
    expect(existsSync(redis.socketPath)).toBe(false);
  });

  it('answers on a port of the loopback interface and on a unix socket', async () => {
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    await expect(ask({ port: redis.port }, 'PING')).resolves.toBe('+PONG');
    await expect(ask({ path: redis.socketPath }, 'PING')).resolves.toBe('+PONG');
  });

  it('takes more arguments', async () => {
    await expect(ask({ port: redis.port }, 'CONFIG GET maxmemory')).resolves.toContain(String(64 * 1024 * 1024));
  });

  it('comes back empty on the same port after a kill', async () => {
    const { port } = redis;
    await ask({ port }, 'SET mintonce:test-support x');
    await redis.kill();
    await expect(ask({ port }, 'PING')).rejects.toThrow('ECONNREFUSED');
    await redis.restart();
    expect(redis.port).toBe(port);
    await expect(ask({ port }, 'EXISTS mintonce:test-support')).resolves.toBe(':0');
  });

  it('answers what was asked during a pause once it resumes', async () => {
    redis.pause();
    let answered = false;
    const answer = ask({ port: redis.port }, 'PING').finally(() => (answered = true));
    await waitFor(() => isStopped(redis.pid));
    expect(answered).toBe(false);
    redis.resume();
    await expect(answer).resolves.toBe('+PONG');
  });

  it('refuses a port that is taken', async () => {
    await expect(startRedis({ port: redis.port })).rejects.toThrow(/did not start[^]*Address already in use/);
  });

  it('ends with a process that was killed before it could stop it', async () => {
    const directory = temporaryDirectory();
    const script = join(directory.path, 'forgetful.mjs');
    writeFileSync(script, FORGETFUL);
    const node = await startNode(script, { readyWhen: /ready/ });
    const [, pid, socketPath] = await node.waitForOutput(/pid=(\d+) socket=(\S+)/);
    expect(isAlive(Number(pid))).toBe(true);
    await node.kill();
    await waitFor(() => !isAlive(Number(pid)) && !existsSync(String(socketPath)));
    directory.remove();
  });
});

function ask(address: { port: number; host?: string } | { path: string }, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...address }, () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().trimEnd());
    });
  });
}

function isStopped(pid: number): boolean {
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
}
