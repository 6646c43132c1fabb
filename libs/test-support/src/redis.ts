import { connect } from 'node:net';
import { join } from 'node:path';
import { onFreePort } from './on-free-port.js';
import { startRedisProcess } from './redis-process.js';
import { startTogether } from './start-together.js';
import { type Supervised } from './supervised.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

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
  return await startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const launch = new Launch(directory, args);
    const start = async (onPort: number) => new RunningRedis(launch, directory, onPort, await launch.on(onPort));
    return port === undefined ? await onFreePort(start) : await start(port);
  });
}

class Launch {
  readonly socketPath: string;
  private readonly logFile: string;

  constructor(
    private readonly directory: TemporaryDirectory,
    private readonly args: readonly string[],
  ) {
    this.socketPath = join(directory.path, 'redis.sock');
    this.logFile = join(directory.path, 'redis.log');
  }

  on(port: number): Promise<Supervised> {
    return startRedisProcess({
      args: [...this.settings(port), ...this.args],
      logFile: this.logFile,
      answers: () => ping(this.socketPath),
    });
  }

  private settings(port: number): string[] {
    return [
      ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', this.socketPath],
      ...['--save', '', '--appendonly', 'no', '--dir', this.directory.path, '--logfile', this.logFile],
    ];
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
