import { type Redis } from 'ioredis';
import { infoOf } from './redis-admin.js';
import { cutReplication, PROMPT_REPLICATION, replicated } from './redis-replication.js';
import { RedisServers } from './redis-servers.js';
import { type RedisServer } from './redis.js';
import { SentinelProcess } from './sentinel-process.js';
import { startTogether } from './start-together.js';
import { waitFor } from './wait-for.js';

export interface RedisSentinelOptions {
  /** @defaultValue 1 */
  replicas?: number;
  /** @defaultValue 3 */
  sentinels?: number;
  /** How long a master may be silent before it is replaced. @defaultValue 800 */
  downAfterMs?: number;
}

const NAME = 'tokens';
const FAILOVER_TIMEOUT_MS = 30_000;
/** What was begun has come to an end by then, one way or the other. */
const PATIENCE_MS = 8_000;

/**
 * Starts a master with its replicas, watched by Sentinels; resolves when each Sentinel knows all of the others.
 *
 * @throws Error when there is no Redis server on this machine, or when something does not start
 */
export async function startSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { replicas = 1, sentinels = 3, downAfterMs = 800 } = options;
  return await startTogether(async (running) => {
    const rig = running.add(new RedisSentinel());
    const master = await rig.addServer(PROMPT_REPLICATION);
    const replicaArgs = [...PROMPT_REPLICATION, '--replicaof', '127.0.0.1', String(master.port)];
    await Promise.all(Array.from({ length: replicas }, () => rig.addServer(replicaArgs)));
    const quorum = Math.floor(sentinels / 2) + 1;
    const settings = { name: NAME, masterPort: master.port, quorum, downAfterMs };
    await Promise.all(Array.from({ length: sentinels }, () => rig.addSentinel(settings)));
    await rig.settled();
    return rig;
  });
}

/** A master with its replicas, and the Sentinels that replace it when it is gone. */
export class RedisSentinel extends RedisServers {
  /** Of the masters, for the clients. */
  readonly name = NAME;
  readonly sentinels: SentinelProcess[] = [];

  /** Those of the Sentinels, for the clients. */
  get ports(): readonly number[] {
    return this.sentinels.map(({ port }) => port);
  }

  /** @internal */
  async addSentinel(settings: Parameters<typeof SentinelProcess.start>[0]): Promise<void> {
    this.sentinels.push(await SentinelProcess.start(settings));
  }

  /** The one that the Sentinels name, but for those that are paused; rejects while they do not agree. */
  async master(): Promise<RedisServer> {
    const awake = this.sentinels.filter(({ isPaused }) => !isPaused);
    const named = await Promise.all(awake.map(({ admin }) => admin.call('SENTINEL', 'MASTER', NAME)));
    const ports = new Set(named.map((fields) => fieldOf(fields, 'port')));
    const master = this.servers.find(({ port }) => ports.size === 1 && ports.has(String(port)));
    if (!master) throw new Error(`The Sentinels name ${[...ports].join(' and ')}`);
    return master;
  }

  /** All the others, whether they are reachable or not. */
  async replicas(): Promise<RedisServer[]> {
    const master = await this.master();
    return this.servers.filter((server) => server !== master);
  }

  /** Resolves when the Sentinels agree, see each other, and every server takes part. */
  async settled(): Promise<void> {
    const others = String(this.sentinels.length - 1);
    const replicas = this.servers.length - 1;
    const isSettled = async (): Promise<boolean> => {
      const admin = this.admin(await this.master());
      const seen = await Promise.all(this.sentinels.map((sentinel) => view(sentinel)));
      const agreed = seen.every((one) => one.sentinels === others && one.linked === replicas && one.tilt === '0');
      return agreed && (await infoOf(admin, 'role')) === 'master' && (await this.linkedReplicas(admin)) === replicas;
    };
    await waitFor(isSettled, { timeoutMs: FAILOVER_TIMEOUT_MS, description: 'the Sentinels to settle' });
  }

  /** Ends the master with SIGKILL, and answers which one it was; `recover()` brings it back. */
  async killMaster(): Promise<RedisServer> {
    const master = await this.master();
    await this.kill(master);
    return master;
  }

  /** Resolves with the new master, as soon as the Sentinels name it and it says so itself. */
  async promoted(previous: RedisServer, timeoutMs = FAILOVER_TIMEOUT_MS): Promise<RedisServer> {
    return await waitFor(
      async () => {
        const master = await this.master();
        return master !== previous && (await infoOf(this.admin(master), 'role')) === 'master' && master;
      },
      { timeoutMs, description: 'a new master' },
    );
  }

  /** An orderly failover, by the command of an operator; resolves with the new master. */
  async failover(): Promise<RedisServer> {
    const previous = await this.master();
    const start = () => this.sentinels[0]?.admin.call('SENTINEL', 'FAILOVER', NAME);
    const isDone = async (): Promise<RedisServer | undefined> => {
      await waitFor(async () => (await start()) === 'OK');
      return await this.promoted(previous, PATIENCE_MS).catch(() => undefined);
    };
    // Sentinel may give up what it began, when the replica has just come back for instance.
    return await waitFor(isDone, { timeoutMs: FAILOVER_TIMEOUT_MS, description: 'a failover' });
  }

  /** Resolves when the replicas have all that was written so far. */
  async replicated(): Promise<void> {
    await replicated(this.admin(await this.master()), this.servers.length - 1);
  }

  /** Nothing that is written from now on reaches a replica. */
  async cutReplication(): Promise<void> {
    const replicas = (await this.replicas()).map((server) => this.admin(server));
    await cutReplication(this.admin(await this.master()), replicas);
  }

  override async recover(): Promise<void> {
    this.sentinels.forEach((sentinel) => sentinel.resume());
    await super.recover();
  }

  override async stop(): Promise<void> {
    await Promise.all(this.sentinels.map((sentinel) => sentinel.stop()));
    await super.stop();
  }

  private async linkedReplicas(master: Redis): Promise<number> {
    return (await master.info('replication')).match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  }
}

/** What a Sentinel knows of the master's others. */
async function view({ admin }: SentinelProcess) {
  const sentinels = fieldOf(await admin.call('SENTINEL', 'MASTER', NAME), 'num-other-sentinels');
  const replicas = (await admin.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
  const isLinked = (fields: string[]): boolean =>
    fieldOf(fields, 'master-link-status') === 'ok' && fieldOf(fields, 'flags') === 'slave';
  return { sentinels, linked: replicas.filter(isLinked).length, tilt: await infoOf(admin, 'sentinel_tilt') };
}

/** Sentinel answers names and values in turn. */
function fieldOf(fields: unknown, name: string): string | undefined {
  const list = fields as string[];
  const index = list.findIndex((field, i) => i % 2 === 0 && field === name);
  return index < 0 ? undefined : list[index + 1];
}
