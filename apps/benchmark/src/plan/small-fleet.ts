import { type Acquired, type Attempt, TokenClient, tokenSource } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { FaultyTokenStore } from '@mintonce/token-cache/testing';
import { type RunningParts, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { jwt, LIFE_MS } from '../contenders/jwt.js';
import { type Counts } from './counts.js';

/** A busy machine must not add a time limit or a renewal to what is counted. */
const LONG_MS = 60_000;
const INTEGRATION = 'api';
const CHANNEL = 'mintonce:events';

/** What the real library asks of a real Redis, counted. Each process is an object with connections of its own. */
export class SmallFleet {
  private readonly admin: Redis;
  private readonly processes: readonly Process[];
  private readonly tenants: readonly string[];
  private waitsBefore = 0;

  private constructor(redisUrl: string, processes: number, keys: number) {
    this.admin = new Redis(redisUrl);
    this.tenants = Array.from({ length: keys }, (_, key) => `tenant-${key}`);
    const mint = (): Promise<string> => this.mintOnceAllWait();
    this.processes = Array.from({ length: processes }, () => new Process(new Redis(redisUrl), keys, mint));
  }

  /** @param redisUrl a Redis that nobody else uses */
  static async start(
    { redisUrl, running }: { redisUrl: string; running: RunningParts },
    processes: number,
    keys: number,
  ): Promise<SmallFleet> {
    const fleet = new SmallFleet(redisUrl, processes, keys);
    running.onStop(() => fleet.stop());
    await fleet.admin.flushdb();
    await fleet.allSubscribed();
    return fleet;
  }

  /** All processes ask for keys that nobody has. No mint ends before all the others wait for it. */
  coldStart(): Promise<Counts> {
    return this.counted(() => this.askAll());
  }

  /** One process reports each token as rejected; once all have heard of it, they ask for it. */
  rejection(): Promise<Counts> {
    return this.counted(async () => {
      const [first] = this.processes as [Process];
      await Promise.all(this.tenants.map((tenant) => first.reject(tenant)));
      await this.allHeard(this.tenants.length);
      await this.askAll();
    });
  }

  /** The connections on which events arrive are closed; once all are back, every process asks for every key. */
  reconnection(): Promise<Counts> {
    return this.counted(async () => {
      await this.admin.client('KILL', 'TYPE', 'pubsub');
      await waitFor(() => this.processes.every(({ ups }) => ups === 2), { description: 'events to arrive again' });
      await this.askAll();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    this.admin.disconnect();
  }

  private async askAll(): Promise<void> {
    this.waitsBefore = this.waits();
    await Promise.all(this.processes.flatMap((process) => this.tenants.map((tenant) => process.ask(tenant))));
  }

  private async mintOnceAllWait(): Promise<string> {
    const waiting = (this.processes.length - 1) * this.tenants.length;
    await waitFor(() => this.waits() - this.waitsBefore === waiting, { description: 'all others to wait' });
    return jwt();
  }

  private waits(): number {
    return this.processes.reduce((sum, { store }) => sum + store.waits, 0);
  }

  private async counted(work: () => Promise<void>): Promise<Counts> {
    const publishedBefore = await this.publishedByServer();
    for (const process of this.processes) process.forget();
    await work();
    const published = (await this.publishedByServer()) - publishedBefore;
    await this.allHeard(published);
    const calls = this.processes.flatMap(({ store }) => store.calls);
    const callsOf = (name: string): number => calls.filter((call) => call === name).length;
    return {
      acquires: callsOf('acquire'),
      commits: callsOf('commit'),
      invalidates: callsOf('invalidate'),
      published,
      delivered: this.processes.reduce((sum, { heard }) => sum + heard, 0),
    };
  }

  private async publishedByServer(): Promise<number> {
    return Number(/cmdstat_publish:calls=(\d+)/.exec(await this.admin.info('commandstats'))?.[1] ?? 0);
  }

  private async allHeard(events: number): Promise<void> {
    await waitFor(() => this.processes.every(({ heard }) => heard >= events), { description: 'all events to arrive' });
  }

  private async allSubscribed(): Promise<void> {
    await waitFor(async () => (await this.admin.pubsub('NUMSUB', CHANNEL))[1] === this.processes.length);
    await waitFor(() => this.processes.every(({ ups }) => ups === 1));
  }
}

/** A store that counts the answers which have a process wait. */
class CountingStore extends FaultyTokenStore {
  waits = 0;

  override async acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    const acquired = await super.acquire(keyId, attempt);
    if (acquired.outcome === 'wait') this.waits++;
    return acquired;
  }
}

class Process {
  readonly store: CountingStore;
  heard = 0;
  /** How often its events began to arrive. */
  ups = 0;
  private readonly client: TokenClient;

  constructor(
    private readonly redis: Redis,
    keys: number,
    mint: () => Promise<string>,
  ) {
    const redisStore = new RedisTokenStore(redis);
    this.store = new CountingStore(redisStore);
    redisStore.events.subscribe({ event: () => this.heard++, up: () => this.ups++, down: () => {} });
    const source = tokenSource('plan', async () => ({ accessToken: await mint(), expiresInMs: LIFE_MS }));
    this.client = new TokenClient({
      store: this.store,
      integrations: { [INTEGRATION]: { source } },
      maxOpenMints: keys,
      leaseMs: LONG_MS,
      mintTimeoutMs: LONG_MS,
      waitTimeoutMs: 3 * LONG_MS,
      storeTimeoutMs: LONG_MS,
    });
  }

  async ask(tenant: string): Promise<void> {
    await this.client.getToken(INTEGRATION, { tenant });
  }

  async reject(tenant: string): Promise<void> {
    await this.client.invalidate(await this.client.getToken(INTEGRATION, { tenant }));
  }

  forget(): void {
    this.store.calls.length = 0;
    this.heard = 0;
  }

  async stop(): Promise<void> {
    await this.client.close();
    this.redis.disconnect();
  }
}
