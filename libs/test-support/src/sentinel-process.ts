import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Redis } from 'ioredis';
import { REDIS_IS_MISSING } from './ensure-redis-server.js';
import { onFreePort } from './on-free-port.js';
import { redisAdmin } from './redis-admin.js';
import { redisServerBin } from './redis-server-bin.js';
import { Supervised } from './supervised.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

export interface SentinelSettings {
  /** Of the masters that it watches. */
  name: string;
  masterPort: number;
  quorum: number;
  downAfterMs: number;
}

/** One Sentinel, which looks after its servers every 200 ms instead of every 2 to 10 s. */
export class SentinelProcess {
  isPaused = false;

  private constructor(
    readonly port: number,
    readonly admin: Redis,
    private readonly process: Supervised,
    private readonly directory: TemporaryDirectory,
  ) {}

  /** @throws Error when there is no Redis server on this machine, or when it does not answer. */
  static async start(settings: SentinelSettings): Promise<SentinelProcess> {
    const directory = temporaryDirectory();
    try {
      return await onFreePort((port) => SentinelProcess.on(port, settings, directory));
    } catch (error) {
      directory.remove();
      throw error;
    }
  }

  private static async on(
    port: number,
    settings: SentinelSettings,
    directory: TemporaryDirectory,
  ): Promise<SentinelProcess> {
    const bin = redisServerBin();
    if (!bin) throw new Error(REDIS_IS_MISSING);
    // It rewrites its configuration, hence a file.
    const file = join(directory.path, `sentinel-${port}.conf`);
    writeFileSync(file, configuration(port, settings));
    const process = await Supervised.start(bin, [file, '--sentinel'], { stdio: 'ignore' });
    const admin = redisAdmin({ port });
    try {
      await waitFor(async () => !process.running || (await admin.ping()));
      if (!process.running) throw new Error(`No Sentinel starts on port ${port}`);
      await admin.call('SENTINEL', 'DEBUG', ...QUICK);
      return new SentinelProcess(port, admin, process, directory);
    } catch (error) {
      admin.disconnect();
      await process.stop('SIGKILL');
      throw error;
    }
  }

  /** It keeps its connections and answers nothing (SIGSTOP). */
  pause(): void {
    this.isPaused = true;
    this.process.signal('SIGSTOP');
  }

  resume(): void {
    this.isPaused = false;
    this.process.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.admin.disconnect();
    this.process.signal('SIGCONT');
    await this.process.stop('SIGKILL');
    this.directory.remove();
  }
}

const PERIODS = ['info-period', 'publish-period', 'ask-period', 'ping-period'].flatMap((period) => [period, '200']);
/** After a pause of its own a Sentinel trusts nobody, itself included, for 30 s otherwise. */
const QUICK = [...PERIODS, 'tilt-period', '1000'];

function configuration(port: number, { name, masterPort, quorum, downAfterMs }: SentinelSettings): string {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    // Twice this must pass between two failovers.
    `sentinel failover-timeout ${name} 2000`,
  ];
  return `${lines.join('\n')}\n`;
}
