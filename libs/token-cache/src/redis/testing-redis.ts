import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis server of a test's own: on a unix socket, or on a free loopback port when one is given. */
export class TestingRedis {
  readonly path: string;
  #child?: ChildProcess;

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly options: readonly string[],
  ) {
    this.path = join(folder, 'redis.sock');
  }

  static async start({ port = 0, options = [] as readonly string[] } = {}): Promise<TestingRedis> {
    const redis = new TestingRedis(await mkdtemp(join(tmpdir(), 'redis-')), port, options);
    await redis.start();
    return redis;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--unixsocket', this.path, '--dir', this.folder];
    const bin = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
    this.#child = spawn(bin, [...own, '--save', '', '--appendonly', 'no', ...this.options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let log = '';
    for await (const chunk of this.#child.stdout ?? []) {
      log += String(chunk);
      if (log.includes('eady to accept connections')) break;
    }
    if (!log.includes('eady to accept connections')) throw new Error(`redis-server did not start:\n${log}`);
  }

  /** Ends the server at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A port whose cluster bus port, 10000 higher, exists as well. */
export async function freeClusterPort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (typeof address === 'object' && address && address.port < 55_000) return address.port;
  }
}
