import { type Redis } from 'ioredis';
import { redisAdmin } from './redis-admin.js';
import { mendReplication } from './redis-replication.js';
import { type RedisServer, startRedis } from './redis.js';

/** Servers that replicate to each other, with a connection of ours to each. */
export abstract class RedisServers {
  readonly servers: RedisServer[] = [];
  protected readonly admins = new Map<RedisServer, Redis>();
  private readonly killed = new Set<RedisServer>();

  /** Resolves when all servers take part and are in step. */
  abstract settled(): Promise<void>;

  /** @internal */
  async addServer(args: readonly string[] = []): Promise<RedisServer> {
    const server = await startRedis({ args });
    this.servers.push(server);
    this.admins.set(server, redisAdmin(server));
    return server;
  }

  /** A connection of ours to that server. */
  admin(server: RedisServer): Redis {
    const admin = this.admins.get(server);
    if (!admin) throw new Error(`No server of this rig listens on port ${server.port}`);
    return admin;
  }

  /** Ends a server with SIGKILL; `recover()` brings it back. */
  async kill(server: RedisServer): Promise<void> {
    this.killed.add(server);
    await server.kill();
  }

  /** Ends `cutReplication`. */
  async mendReplication(): Promise<void> {
    await mendReplication([...this.admins.values()]);
  }

  /** Ends every fault: what was killed comes back empty, what was paused goes on, and all take part again. */
  async recover(): Promise<void> {
    for (const server of this.servers) {
      if (this.killed.delete(server)) await server.restart();
      else server.resume();
    }
    await this.mendReplication();
    await this.settled();
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.admins.forEach((admin) => admin.disconnect());
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
