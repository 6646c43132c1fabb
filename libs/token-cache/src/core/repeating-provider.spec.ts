import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { accessToken, type Fleet, pass, SECOND, startFleet } from '../testing/fleet.spec-support.js';
import { type Token } from './contract/token.js';
import { tokenSource } from './contract/token-source.js';
import { type TokenClient } from './token-client.js';

const PROCESSES = 8;

describe('A provider that gives one token until it ends', () => {
  let startedAt: number;
  let lifeMs: number;
  let statedMs: (leftMs: number) => number;
  let mints: number;
  let networks: FaultyTokenStore[];
  let fleet: TokenClient[];
  let stop: Fleet['stop'];

  beforeEach(() => {
    const { shared, replica, ...rest } = startFleet();
    ({ stop } = rest);
    lifeMs = 3_600 * SECOND;
    mints = 0;
    startedAt = performance.now();
    statedMs = (leftMs) => leftMs;
    const source = tokenSource('repeats', async () => {
      mints++;
      const elapsedMs = performance.now() - startedAt;
      const life = Math.floor(elapsedMs / lifeMs);
      return { accessToken: `token-${life}`, expiresInMs: statedMs(lifeMs - (elapsedMs % lifeMs)) };
    });
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

  it('gives no caller a dead token though it says 0 in the last second, and is left alone meanwhile', async () => {
    lifeMs = 60 * SECOND;
    statedMs = (leftMs) => Math.floor(leftMs / SECOND) * SECOND;
    const given = new Set<string>();
    const refusals = new Set<unknown>();
    for (let tenth = 0; tenth < 640; tenth++) {
      // No time passes within a call.
      for (const tokens of fleet) {
        const life = Math.floor((performance.now() - startedAt) / lifeMs);
        await tokens.getToken('billing').then(
          (token) => given.add(`${token.accessToken} in life ${life}`),
          ({ code }: { code: unknown }) => refusals.add(code),
        );
      }
      await pass(SECOND / 10);
    }
    expect([...given]).toEqual(['token-0 in life 0', 'token-1 in life 1']);
    expect([...refusals]).toEqual(['TOKEN_RESPONSE_INVALID']);
    expect(mints).toBeLessThanOrEqual(12);
  });

  it('is asked at most four times in the life of a token, whoever calls', async () => {
    lifeMs = 60 * SECOND;
    for (let second = 0; second < 59; second++) {
      for (const tokens of fleet) expect(await accessToken(tokens)).toBe('token-0');
      await pass(SECOND);
    }
    expect(mints).toBeLessThanOrEqual(4);
    await pass(2 * SECOND);
    for (const tokens of fleet) expect(await accessToken(tokens)).toBe('token-1');
  });
});
