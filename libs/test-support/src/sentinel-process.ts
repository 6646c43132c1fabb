import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Redis } from 'ioredis';
import { onFreePort } from './on-free-port.js';
import { redisAdmin } from './redis-admin.js';
import { startRedisProcess } from './redis-process.js';
import { startTogether } from './start-together.js';
import { type Supervised } from './supervised.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

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
  static start(settings: SentinelSettings): Promise<SentinelProcess> {
    return startTogether(async (running) => {
      const directory = temporaryDirectory();
      running.onStop(() => directory.remove());
      return await onFreePort((port) => SentinelProcess.on(port, settings, directory));
    });
  }

  private static on(port: number, settings: SentinelSettings, directory: TemporaryDirectory): Promise<SentinelProcess> {
    return startTogether(async (running) => {
      // It rewrites its configuration, hence a file.
      const file = join(directory.path, `sentinel-${port}.conf`);
      const logFile = join(directory.path, `sentinel-${port}.log`);
      writeFileSync(file, configuration(port, logFile, settings));
      const admin = redisAdmin({ port });
      running.onStop(() => admin.disconnect());
      const process = await startRedisProcess({ args: [file, '--sentinel'], logFile, answers: () => admin.ping() });
      running.onStop(() => process.stop('SIGKILL'));
      await admin.call('SENTINEL', 'DEBUG', ...QUICK);
      return new SentinelProcess(port, admin, process, directory);
    });
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

function configuration(
  port: number,
  logFile: string,
  { name, masterPort, quorum, downAfterMs }: SentinelSettings,
): string {
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `logfile ${logFile}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    // Twice this must pass between two failovers.
    `sentinel failover-timeout ${name} 2000`,
  ];
  return `${lines.join('\n')}\n`;
}
