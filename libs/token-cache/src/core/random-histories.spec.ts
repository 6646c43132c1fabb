import { Chance } from '@mintonce/test-support/chance';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
import { pass, settled, startFleet } from '../testing/fleet.spec-support.js';
import { type Token } from './contract/token.js';
import { type TokenClient } from './token-client.js';

/** `FROM=1000 SEEDS=500 npx jest random-histories` plays others. */
const { FROM = '1', SEEDS = '150' } = process.env;
const STEPS = 60;
const PAUSES_MS = [0, 1, 10, 50, 300, 600, 1_500, 6_000];
const FAULTS: readonly StoreFault[] = ['reject', 'hang', 'lose-reply'];
const STRUCK = ['all', 'all', 'invalidate', 'commit', 'acquire', 'peek'];

/** What a process has been told for certain: these tokens must not come back. */
class Told {
  readonly rejected = new Set<string>();
  readonly broken: string[] = [];
  last?: Token;

  /** Gives a judge of what is asked for now. */
  judge(what: string, purged: ReadonlySet<string>): (token: Token | undefined) => void {
    const wrong = new Set([...this.rejected, ...purged]);
    return (token) => {
      if (!token) return;
      this.last = token;
      if (wrong.has(token.accessToken)) this.broken.push(`${what} gave ${token.accessToken}`);
    };
  }
}

const seeds = Array.from({ length: Number(SEEDS) }, (_, index) => Number(FROM) + index);

it.each(seeds)(
  'No token comes back that was rejected or purged, whatever is asked in between: seed %i',
  async (seed) => {
    const chance = new Chance(seed);
    const { shared, source, replica, stop } = startFleet();
    const purged = new Set<string>();
    const running: Promise<unknown>[] = [];
    const begin = (work: Promise<unknown>): unknown => running.push(settled(work));
    const fleet = [1, 2, 3].map(() => {
      const store = new FaultyTokenStore(shared);
      return { store, tokens: replica({ rejection: { paceMs: 1, maxPaceMs: 1 } }, store), told: new Told() };
    });

    const purge = async (tokens: TokenClient, method: 'purge' | 'purgeAll'): Promise<void> => {
      const minted = source.calls.map((_call, index) => `fake-token-${index + 1}`);
      await tokens[method]('billing');
      for (const token of minted) purged.add(token);
    };
    const reject = async (tokens: TokenClient, told: Told): Promise<void> => {
      const { last } = told;
      if (last && (await tokens.invalidate(last))) told.rejected.add(last.accessToken);
    };
    const steps: ((process: (typeof fleet)[number]) => unknown)[] = [
      ({ tokens, told }) => begin(tokens.getToken('billing').then(told.judge('getToken', purged))),
      ({ tokens, told }) =>
        begin(tokens.getToken('billing', {}, { minLifeMs: 1 }).then(told.judge('minLifeMs', purged))),
      ({ tokens, told }) => begin(tokens.getToken('billing').then(told.judge('getToken', purged))),
      ({ tokens, told }) => begin(tokens.peek('billing').then(told.judge('peek', purged))),
      ({ tokens }) => begin(tokens.status('billing')),
      ({ tokens, told }) => begin(reject(tokens, told)),
      ({ tokens, told }) => begin(reject(tokens, told)),
      ({ tokens }) => begin(purge(tokens, 'purge')),
      ({ tokens }) => begin(purge(tokens, 'purgeAll')),
      ({ store }) => {
        const [fault, struck] = [chance.pick(FAULTS), chance.pick(STRUCK)];
        store.fault = (operation) => (struck === 'all' || struck === operation ? fault : undefined);
      },
      ({ store }) => (store.fault = () => undefined),
      () => pass(chance.pick(PAUSES_MS)),
    ];

    for (let step = 0; step < STEPS; step++) {
      const [process, act] = [chance.pick(fleet), chance.pick(steps)];
      await act(process);
      if (chance.happens(0.6)) await pass(chance.pick(PAUSES_MS));
    }
    for (const { store } of fleet) store.fault = () => undefined;
    await pass(30_000);
    await Promise.all(running);
    await stop();
    expect(fleet.flatMap(({ told }) => told.broken)).toEqual([]);
  },
);
