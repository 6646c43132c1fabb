import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { accessToken, type Fleet, HOUR, pass, REFRESH_AT, startFleet } from '../../testing/fleet.spec-support.js';
import { type MintOutcome, TokenObserver } from '../contract/token-observer.js';
import { tokenSource } from '../contract/token-source.js';

describe('A mint', () => {
  let shared: Fleet['shared'];
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let asked: number;

  beforeEach(() => {
    ({ shared, replica, stop } = startFleet());
    asked = 0;
  });
  afterEach(() => stop());

  /** A source of tokens of one minute, over whose first answers the machine sleeps. */
  function asleepFor(answers: number) {
    return tokenSource('drowsy', async () => {
      asked++;
      if (asked <= answers) jest.setSystemTime(Date.now() + HOUR);
      return { accessToken: `token-${asked}`, expiresInMs: 60_000 };
    });
  }

  /** Has no token, asks a source that answers after a sleep, and is given the token of another process meanwhile. */
  async function overtakenAsleep(): Promise<{ codes: string[]; wake: () => Promise<void> }> {
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const slow = tokenSource('drowsy', async () => {
      asked++;
      await answered;
      jest.setSystemTime(Date.now() + HOUR);
      return { accessToken: 'late', expiresInMs: 60_000 };
    });
    const quick = tokenSource('drowsy', async () => ({ accessToken: 'of-another', expiresInMs: 24 * HOUR }));
    const store = new FaultyTokenStore(shared);
    store.fault = () => 'reject';
    const tokens = replica({ integrations: { billing: { source: slow } } }, store);
    const first = accessToken(tokens);
    await pass(0);
    store.fault = () => undefined;
    await replica({ integrations: { billing: { source: quick } } }).getToken('billing');
    await tokens.getToken('billing', undefined, { minLifeMs: 1 });
    expect(await first).toBe('of-another');
    const codes: string[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override mintFailed = (_integration: string, { code }: { code: string }): void => void codes.push(code);
      })(),
    );
    const wake = async (): Promise<void> => {
      answer();
      await pass(10);
    };
    return { codes, wake };
  }

  function outcomesOf(tokens: ReturnType<Fleet['replica']>): MintOutcome[] {
    const outcomes: MintOutcome[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override minted(_integration: string, { outcome }: { outcome: MintOutcome }): void {
          outcomes.push(outcome);
        }
      })(),
    );
    return outcomes;
  }

  it('asks once more, and counts both, when the machine slept over the answer', async () => {
    const tokens = replica({ integrations: { billing: { source: asleepFor(1) } } });
    const outcomes = outcomesOf(tokens);
    expect((await tokens.getToken('billing')).accessToken).toBe('token-2');
    expect(outcomes).toEqual(['failed', 'stored']);
  });

  it('asks once more while the former token is still in hand', async () => {
    const source = tokenSource('drowsy', async () => {
      asked++;
      // The second token is over when the machine wakes up, and the first is not.
      if (asked === 2) jest.setSystemTime(Date.now() + 100_000);
      return { accessToken: `token-${asked}`, expiresInMs: asked === 2 ? 60_000 : HOUR };
    });
    const tokens = replica({ integrations: { billing: { source } } });
    await tokens.getToken('billing');
    await pass(REFRESH_AT);
    const outcomes = outcomesOf(tokens);
    await tokens.getToken('billing');
    await pass(10);
    expect(outcomes).toEqual(['failed', 'stored']);
  });

  it('does not ask once more when the process has the token of another meanwhile, though it had none before', async () => {
    const { codes, wake } = await overtakenAsleep();
    await wake();
    expect(codes).toEqual(['TOKEN_RESPONSE_INVALID']);
    expect(asked).toBe(1);
  });

  it('fails without the store when the machine sleeps each time that observers are told of its token', async () => {
    const store = new FaultyTokenStore(shared);
    store.fault = () => 'reject';
    const tokens = replica({ integrations: { billing: { source: asleepFor(0) } } }, store);
    tokens.observe(
      new (class extends TokenObserver {
        override learned = (): void => {
          jest.setSystemTime(Date.now() + HOUR);
        };
      })(),
    );
    await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
    expect(asked).toBe(2);
  });

  it('fails when the machine slept over both answers', async () => {
    const tokens = replica({ integrations: { billing: { source: asleepFor(2) } } });
    const outcomes = outcomesOf(tokens);
    await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
    expect([asked, outcomes]).toEqual([2, ['failed', 'failed']]);
  });
});
