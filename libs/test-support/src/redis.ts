import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { REDIS_IS_MISSING } from './ensure-redis-server.js';
import { freePort } from './free-port.js';
import { redisServerBin } from './redis-server-bin.js';
import { Supervised } from './supervised.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

export interface RedisOptions {
  /** @defaultValue a free port */
  port?: number;
  /** More arguments for the server, such as `['--maxmemory', '1mb']`. */
  args?: readonly string[];
}

/** A Redis server of one's own: loopback and a unix socket, nothing on disk, nothing of anybody else's in it. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly socketPath: string;
  readonly pid: number;
  /** Ends the server and removes its directory. */
  stop(): Promise<void>;
  /** Ends the server with SIGKILL; `restart()` brings it back. */
  kill(): Promise<void>;
  /** A fresh and empty server on the same port. */
  restart(): Promise<void>;
  /** The server keeps its connections and answers nothing (SIGSTOP). */
  pause(): void;
  resume(): void;
}

/** @throws Error when there is no Redis server on this machine, or when it does not answer. */
export async function startRedis({ port, args = [] }: RedisOptions = {}): Promise<RedisServer> {
  const bin = redisServerBin();
  if (!bin) throw new Error(REDIS_IS_MISSING);
  const directory = temporaryDirectory();
  try {
    const launch = new Launch(bin, directory, args);
    return new RunningRedis(launch, directory, ...(await launch.onFreePort(port)));
  } catch (error) {
    directory.remove();
    throw error;
  }
}

class Launch {
  constructor(
    private readonly bin: string,
    private readonly directory: TemporaryDirectory,
    private readonly args: readonly string[],
  ) {}

  get socketPath(): string {
    return join(this.directory.path, 'redis.sock');
  }

  /** Somebody may take the free port before the server does; then another one is as good. */
  async onFreePort(wanted: number | undefined, attempts = 5): Promise<[number, Supervised]> {
    const port = wanted ?? (await freePort());
    try {
      return [port, await this.on(port)];
    } catch (error) {
      if (wanted !== undefined || attempts === 1 || !this.log().includes('Address already in use')) throw error;
      return await this.onFreePort(undefined, attempts - 1);
    }
  }

  async on(port: number): Promise<Supervised> {
    const server = await Supervised.start(this.bin, [...this.settings(port), ...this.args], { stdio: 'ignore' });
    try {
      await waitFor(() => !server.running || ping(this.socketPath), { description: `${this.bin} answers PING` });
      if (!server.running) throw new Error(`${this.bin} did not start:\n${this.log()}`);
      return server;
    } catch (error) {
      await server.stop('SIGKILL');
      throw error;
    }
  }

  private settings(port: number): string[] {
    const logFile = join(this.directory.path, 'redis.log');
    return [
      ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', this.socketPath],
      ...['--save', '', '--appendonly', 'no', '--dir', this.directory.path, '--logfile', logFile],
    ];
  }

  private log(): string {
    const logFile = join(this.directory.path, 'redis.log');
    return existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  }
}

class RunningRedis implements RedisServer {
  constructor(
    private readonly launch: Launch,
    private readonly directory: TemporaryDirectory,
    readonly port: number,
    private server: Supervised,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get socketPath(): string {
    return this.launch.socketPath;
  }

  get pid(): number {
    return this.server.pid;
  }

  async stop(): Promise<void> {
    this.server.signal('SIGCONT');
    await this.server.stop();
    this.directory.remove();
  }

  async kill(): Promise<void> {
    await this.server.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.kill();
    this.server = await this.launch.on(this.port);
  }

  pause(): void {
    this.server.signal('SIGSTOP');
  }

  resume(): void {
    this.server.signal('SIGCONT');
  }
}

/** Any answer but "still loading" will do: a server with a password answers `-NOAUTH`. */
function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'));
    const answer = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('data', (reply) => answer(/^(\+PONG|-NOAUTH)/.test(reply.toString())));
  });
}
