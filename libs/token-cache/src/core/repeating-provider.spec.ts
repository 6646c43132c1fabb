import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, SECOND, settled, startFleet } from '../testing/fleet.spec-support.js';
import { type TokenCacheOptions } from './config/token-cache.options.js';
import { TokenObserver } from './contract/token-observer.js';
import { type Token } from './contract/token.js';
import { tokenSource } from './contract/token-source.js';
import { type TokenClient } from './token-client.js';

const PROCESSES = 8;

describe('A provider that gives one token until it ends', () => {
  let startedAt: number;
  let lifeMs: number;
  let statedMs: (leftMs: number) => number;
  let mints: number;
  let answersAfterMs: number;
  let networks: FaultyTokenStore[];
  let fleet: TokenClient[];
  let oneMore: (options: Partial<TokenCacheOptions>, fault?: FaultyTokenStore['fault']) => TokenClient;
  let stop: Fleet['stop'];

  beforeEach(() => {
    const { shared, replica, ...rest } = startFleet();
    ({ stop } = rest);
    lifeMs = 3_600 * SECOND;
    mints = 0;
    answersAfterMs = 0;
    startedAt = performance.now();
    statedMs = (leftMs) => leftMs;
    const source = tokenSource('repeats', async () => {
      mints++;
      if (answersAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, answersAfterMs));
      const elapsedMs = performance.now() - startedAt;
      const life = Math.floor(elapsedMs / lifeMs);
      return { accessToken: `token-${life}`, expiresInMs: statedMs(lifeMs - (elapsedMs % lifeMs)) };
    });
    oneMore = (options, fault = () => undefined) => {
      const network = Object.assign(new FaultyTokenStore(shared), { fault });
      return replica({ integrations: { billing: { source } }, ...options }, network);
    };
    networks = Array.from({ length: PROCESSES }, () => new FaultyTokenStore(shared));
    fleet = networks.map((network) => replica({ integrations: { billing: { source } } }, network));
  });
  afterEach(() => stop());

  const tokensOf = (): Promise<Token[]> => Promise.all(fleet.map((tokens) => tokens.getToken('billing')));
  const callsOf = (operation: string): number =>
    networks.flatMap(({ calls }) => calls).filter((call) => call === operation).length;

  it.each([
    ['one process', 1],
    ['all processes', PROCESSES],
  ])('is asked once more for a token that %s rejected, and nobody waits for it again', async (_who, rejecting) => {
    const refused = await tokensOf();
    await Promise.all(fleet.slice(0, rejecting).map((tokens, i) => tokens.invalidate(refused[i]!)));
    for (let second = 0; second < 60; second++) {
      // No time passes within a call.
      for (const tokens of fleet) expect(await accessToken(tokens)).toBe('token-0');
      await pass(SECOND);
    }
    expect(mints).toBe(2);
    expect(callsOf('invalidate')).toBe(rejecting);
    expect(callsOf('commit')).toBe(2);
  });

  it.each([20, 60, 300, 3_600, 86_400])(
    'is asked at most six times in the life of a token of %i s that it states in whole seconds, and no caller hears of its end',
    async (lifeS) => {
      lifeMs = lifeS * SECOND;
      statedMs = (leftMs) => Math.floor(leftMs / SECOND) * SECOND;
      const lifeNow = (): number => Math.floor((performance.now() - startedAt) / lifeMs);
      const heard = new Set<string>();
      const waiting = new Set<Promise<unknown>>();
      await pass(70);
      for (let elapsedMs = 0, stepMs; elapsedMs < 2 * lifeMs + SECOND; elapsedMs += stepMs) {
        // Often where the token is about to end.
        stepMs = lifeMs - (elapsedMs % lifeMs) < 40 * SECOND ? 100 : Math.min(10 * SECOND, lifeMs / 100);
        for (const tokens of fleet) {
          const asked = accessToken(tokens).then(
            (token) => heard.add(`${token} in life ${lifeNow()}`),
            ({ code }: { code: unknown }) => heard.add(String(code)),
          );
          waiting.add(asked);
          void asked.finally(() => waiting.delete(asked));
        }
        await pass(stepMs);
      }
      await pass(2 * SECOND);
      expect([...heard]).toEqual([0, 1, 2].map((life) => `token-${life} in life ${life}`));
      expect(waiting.size).toBe(0);
      expect(mints).toBeLessThanOrEqual(2 * 6 + 1);
    },
  );

  it('is not asked again by a process that lost its lease to one that has the next token', async () => {
    statedMs = (leftMs) => Math.floor(leftMs / SECOND) * SECOND;
    const losing = oneMore({ leaseMs: 400 }, (operation) => (operation === 'renew' ? 'hang' : undefined));
    await losing.getToken('billing');
    await pass(lifeMs - 300);
    const waiting = accessToken(losing);
    await pass(500);
    const other = accessToken(oneMore({}));
    const { accessToken: learned } = await losing.getToken('billing', {}, { minLifeMs: SECOND });
    expect([await other, learned, await waiting]).toEqual(['token-1', 'token-1', 'token-1']);
    await pass(SECOND);
    expect(mints).toBe(3);
  });

  it('is not asked again by a process that has given up its mints to shut down, which counts each request once', async () => {
    statedMs = (leftMs) => Math.floor(leftMs / SECOND) * SECOND;
    const outcomes: string[] = [];
    class Counts extends TokenObserver {
      override minted(_integration: string, { outcome }: { outcome: string }): void {
        outcomes.push(outcome);
      }
    }
    const leaving = oneMore({});
    leaving.observe(new Counts());
    await leaving.getToken('billing');
    answersAfterMs = 5 * SECOND;
    await pass(lifeMs - answersAfterMs - 300);
    const asking = settled(accessToken(leaving));
    await pass(10);
    const closing = leaving.close();
    await pass(7 * SECOND);
    await closing;
    expect(await asking).toMatchObject({ status: 'rejected' });
    expect(outcomes).toEqual(['stored', 'failed']);
    expect(mints).toBe(2);
  });
});
