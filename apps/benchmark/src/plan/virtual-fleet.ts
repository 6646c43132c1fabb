import { MemoryTokenStore, TokenClient, type Token, tokenSource } from '@mintonce/token-cache';
import { FakeClock, FaultyTokenStore } from '@mintonce/token-cache/testing';
import { Chance } from '@mintonce/test-support/chance';
import { type Counts } from './counts.js';

const INTEGRATION = 'api';
/** A year's worth of processes asks for the same jitter at each run. */
const SEED = 1;

/** How the processes of a virtual fleet ask for a token: all within the time of a mint, or each after the one before has it. */
export type Asking = 'at once' | 'in turn';

/** The real library in virtual time, on one store in memory: hours of many keys in seconds. A mint takes no time. */
export class VirtualFleet {
  readonly clock = new FakeClock();
  /** Instants of all mints, in ms since the start. */
  readonly mintedAt: number[] = [];
  private readonly shared = new MemoryTokenStore({ clock: this.clock });
  private readonly stores: readonly FaultyTokenStore[];
  private readonly clients: readonly TokenClient[];
  private readonly tenants: readonly string[];
  private published = 0;

  constructor(processes: number, keys: number, lifeMs: number) {
    const { random } = new Chance(SEED);
    const source = tokenSource('plan', async () => {
      const number = this.mintedAt.push(this.clock.monotonic());
      return { accessToken: `token-${number}`, expiresInMs: lifeMs };
    });
    this.tenants = Array.from({ length: keys }, (_, key) => `tenant-${key}`);
    this.stores = Array.from({ length: processes }, () => new FaultyTokenStore(this.shared));
    const options = { clock: this.clock, random, integrations: { [INTEGRATION]: { source } } };
    const nearCache = { maxEntries: 2 * keys };
    this.clients = this.stores.map((store) => new TokenClient({ ...options, nearCache, store }));
    this.shared.events.subscribe({ event: () => this.published++, up: () => {}, down: () => {} });
  }

  /** Every process asks for every key. */
  async ask(asking: Asking): Promise<void> {
    for (const tenant of this.tenants) {
      for (const client of this.clients) {
        await client.getToken(INTEGRATION, { tenant });
        if (asking === 'in turn') await this.clock.advance(0);
      }
      await this.clock.advance(0);
    }
  }

  /** Every process asks for every key in each interval, as callers do that never pause. */
  async live(forMs: number, everyMs: number, asking: Asking): Promise<void> {
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      await this.clock.advance(everyMs);
      await this.ask(asking);
    }
  }

  /** The first process asks for each key as soon as that is to be refreshed, a second at a time. */
  async refreshAll(): Promise<void> {
    const [client] = this.clients;
    if (!client) return;
    const tokens: { readonly tenant: string; readonly token: Token }[] = [];
    for (const tenant of this.tenants) tokens.push({ tenant, token: await client.getToken(INTEGRATION, { tenant }) });
    tokens.sort((one, other) => one.token.refreshAt - other.token.refreshAt);
    await this.clock.advance((tokens[0]?.token.refreshAt ?? 0) - this.clock.now());
    let next = 0;
    while (next < tokens.length) {
      await this.clock.advance(1_000);
      for (; (tokens[next]?.token.refreshAt ?? Infinity) <= this.clock.now(); next++) {
        await client.getToken(INTEGRATION, { tenant: tokens[next]?.tenant ?? '' });
        // As many refreshes may be open at once as `maxOpenMints` says.
        if (next % 16 === 0) await this.clock.advance(0);
      }
    }
    await this.clock.advance(0);
  }

  /** What was asked since the last count. */
  count(): Counts {
    const calls = this.stores.flatMap((store) => store.calls.splice(0));
    const callsOf = (name: string): number => calls.filter((call) => call === name).length;
    const published = this.published;
    this.published = 0;
    return {
      acquires: callsOf('acquire'),
      commits: callsOf('commit'),
      invalidates: callsOf('invalidate'),
      published,
      delivered: published * this.clients.length,
    };
  }
}
