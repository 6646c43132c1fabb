import { type Redis } from 'ioredis';
import { type ClusterNode, holdsSlot, parseClusterNodes } from './cluster-nodes.js';
import { onFreePort } from './on-free-port.js';
import { infoOf } from './redis-admin.js';
import { cutReplication, PROMPT_REPLICATION, replicated } from './redis-replication.js';
import { RedisServers } from './redis-servers.js';
import { type RedisServer } from './redis.js';
import { SlotMigration } from './slot-migration.js';
import { startTogether } from './start-together.js';
import { waitFor } from './wait-for.js';

export interface RedisClusterOptions {
  /** @defaultValue 3 */
  masters?: number;
  /** How many in all, dealt out to the masters. @defaultValue 3 */
  replicas?: number;
  /** How long a master may be silent before a replica takes its place. @defaultValue 1 000 */
  nodeTimeoutMs?: number;
  /** More arguments for every server, or what makes them for each one, such as a port of its own. */
  args?: readonly string[] | (() => Promise<readonly string[]>);
}

const SLOTS = 16_384;
const PATIENCE_MS = 30_000;

/**
 * Starts a cluster; resolves when all of its nodes agree on who holds what and every replica is in step.
 *
 * @throws Error when there is no Redis server on this machine, or when something does not start
 */
export async function startCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 3, nodeTimeoutMs = 1_000, args = [] } = options;
  const settings = [
    ...['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs)],
    // However long a replica was cut off, it is better than none.
    ...['--cluster-replica-validity-factor', '0', '--cluster-allow-replica-migration', 'no'],
    ...PROMPT_REPLICATION,
  ];
  const argsOfNode = async () => [...settings, ...(typeof args === 'function' ? await args() : args)];
  return await startTogether(async (running) => {
    const cluster = running.add(new RedisCluster());
    await Promise.all(Array.from({ length: masters + replicas }, async () => cluster.addNode(await argsOfNode())));
    await cluster.form(masters);
    return cluster;
  });
}

/** Masters that share the slots among them, and their replicas. */
export class RedisCluster extends RedisServers {
  /** For the clients. */
  get ports(): readonly number[] {
    return this.servers.map(({ port }) => port);
  }

  /** @internal */
  async addNode(settings: readonly string[]): Promise<void> {
    await onFreePort((busPort) => this.addServer([...settings, '--cluster-port', String(busPort)]));
  }

  /** @internal */
  async form(masters: number): Promise<void> {
    await this.introduce();
    const ids = await Promise.all(this.servers.map((server) => this.idOf(server)));
    for (const [i, server] of this.servers.entries()) {
      const admin = this.admin(server);
      if (i < masters) {
        const [first, next] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / masters));
        await admin.call('CLUSTER', 'ADDSLOTSRANGE', String(first), String((next ?? SLOTS) - 1));
      } else {
        // It has to have heard of its master.
        await waitFor(() => admin.call('CLUSTER', 'REPLICATE', ids[i % masters] ?? ''));
      }
    }
    await this.settled();
  }

  /** The slot of a key. */
  async slotOf(key: string): Promise<number> {
    return await this.anyAdmin((admin) => admin.cluster('KEYSLOT', key));
  }

  /** Those that hold slots and are not given up. */
  async masters(): Promise<RedisServer[]> {
    const nodes = await this.nodes();
    const masters = nodes.filter(({ isMaster, isFailing, ranges }) => isMaster && !isFailing && ranges.length > 0);
    return masters.map(({ port }) => this.serverOn(port));
  }

  /** The master that holds the slot. */
  async masterOf(slot: number): Promise<RedisServer> {
    const master = (await this.nodes()).find((node) => holdsSlot(node, slot));
    if (!master) throw new Error(`Nobody holds slot ${slot}`);
    return this.serverOn(master.port);
  }

  /** The replicas of a master. */
  async replicasOf(master: RedisServer): Promise<RedisServer[]> {
    const nodes = await this.nodes();
    const id = nodes.find(({ port }) => port === master.port)?.id;
    return nodes.filter((node) => node.master === id).map(({ port }) => this.serverOn(port));
  }

  /** Resolves when those servers, all by default, agree on everything, serve every slot and are in step. */
  async settled(servers: readonly RedisServer[] = this.servers): Promise<void> {
    const isSettled = async (): Promise<boolean> => {
      const views = await Promise.all(servers.map((server) => this.viewOf(server)));
      return new Set(views).size === 1 && (await this.allHealthy(servers));
    };
    await waitFor(isSettled, { timeoutMs: PATIENCE_MS, description: 'the cluster to settle' });
  }

  /** Ends the master of that slot with SIGKILL, and answers which one it was; `recover()` brings it back. */
  async killMasterOf(slot: number): Promise<RedisServer> {
    const master = await this.masterOf(slot);
    await this.kill(master);
    return master;
  }

  /** Resolves with the new master of a slot, as soon as all servers but the old one know it. */
  async promoted(slot: number, previous: RedisServer): Promise<RedisServer> {
    const others = this.servers.filter((server) => server !== previous);
    const holders = async (): Promise<Set<number | undefined>> => {
      const known = await Promise.all(others.map((server) => this.nodesAsSeenBy(this.admin(server))));
      return new Set(known.map((nodes) => nodes.find((node) => holdsSlot(node, slot))?.port));
    };
    return await waitFor(
      async () => {
        const [port, ...more] = await holders();
        return more.length === 0 && port !== undefined && port !== previous.port && this.serverOn(port);
      },
      { timeoutMs: PATIENCE_MS, description: `a new master of slot ${slot}` },
    );
  }

  /** An orderly failover, by the command of an operator; resolves with the new master. */
  async failover(slot: number): Promise<RedisServer> {
    const master = await this.masterOf(slot);
    const [replica] = await this.replicasOf(master);
    if (!replica) throw new Error(`The master on port ${master.port} has no replica`);
    await this.admin(replica).call('CLUSTER', 'FAILOVER');
    return await this.promoted(slot, master);
  }

  /** A slot on its way to another master, a step at a time. */
  async startMigration(slot: number, to: RedisServer): Promise<SlotMigration> {
    const from = await this.masterOf(slot);
    return await SlotMigration.start({
      slot,
      from: { admin: this.admin(from), id: await this.idOf(from) },
      to: { admin: this.admin(to), id: await this.idOf(to), port: to.port },
      masters: (await this.masters()).map((master) => this.admin(master)),
    });
  }

  /** Moves a slot and all keys in it to another master. */
  async migrateSlot(slot: number, to: RedisServer): Promise<void> {
    const migration = await this.startMigration(slot, to);
    await migration.finish();
  }

  /** Resolves when the replicas of the slot's master have all that was written so far. */
  async replicated(slot: number): Promise<void> {
    const master = await this.masterOf(slot);
    await replicated(this.admin(master), (await this.replicasOf(master)).length);
  }

  /** Nothing that is written from now on reaches a replica. */
  async cutReplication(): Promise<void> {
    for (const master of await this.masters()) {
      const replicas = (await this.replicasOf(master)).map((server) => this.admin(server));
      await cutReplication(this.admin(master), replicas);
    }
  }

  private async introduce(): Promise<void> {
    const [first, ...others] = this.servers;
    if (!first) return;
    for (const other of others) {
      const [, busPort] = (await this.admin(other).config('GET', 'cluster-port')) as [string, string];
      await this.admin(first).call('CLUSTER', 'MEET', '127.0.0.1', String(other.port), busPort);
    }
    const knowsAll = async (server: RedisServer): Promise<boolean> => {
      const nodes = await this.nodesAsSeenBy(this.admin(server));
      return nodes.length === this.servers.length && nodes.every(({ isFailing }) => !isFailing);
    };
    await waitFor(async () => (await Promise.all(this.servers.map(knowsAll))).every(Boolean), {
      timeoutMs: PATIENCE_MS,
      description: 'the nodes to meet',
    });
  }

  private async idOf(server: RedisServer): Promise<string> {
    return await this.admin(server).cluster('MYID');
  }

  private serverOn(port: number): RedisServer {
    const server = this.servers.find((candidate) => candidate.port === port);
    if (!server) throw new Error(`No server of this cluster listens on port ${port}`);
    return server;
  }

  /** As seen by the first node that is well. */
  private async nodes(): Promise<ClusterNode[]> {
    return await this.anyAdmin((admin) => this.nodesAsSeenBy(admin));
  }

  private async nodesAsSeenBy(admin: Redis): Promise<ClusterNode[]> {
    return parseClusterNodes(String(await admin.call('CLUSTER', 'NODES')));
  }

  private async anyAdmin<T>(ask: (admin: Redis) => Promise<T>): Promise<T> {
    return await Promise.any([...this.admins.values()].map(ask));
  }

  /** Who is what and holds what, by that server's word. */
  private async viewOf(server: RedisServer): Promise<string> {
    const nodes = await this.nodesAsSeenBy(this.admin(server));
    const lines = nodes.map(({ port, isMaster, master, ranges }) => JSON.stringify({ port, isMaster, master, ranges }));
    return lines.toSorted().join('\n');
  }

  private async allHealthy(servers: readonly RedisServer[]): Promise<boolean> {
    const healthy = servers.map(async (server) => {
      const admin = this.admin(server);
      const state = await admin.cluster('INFO');
      const isInStep = [undefined, 'up'].includes(await infoOf(admin, 'master_link_status'));
      return isInStep && /cluster_state:ok/.test(state) && /cluster_slots_ok:16384/.test(state);
    });
    return (await Promise.all(healthy)).every(Boolean);
  }
}
