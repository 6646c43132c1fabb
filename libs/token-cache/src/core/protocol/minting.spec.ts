import { type Fleet, startFleet } from '../../testing/fleet.spec-support.js';
import { type MintOutcome, TokenObserver } from '../contract/token-observer.js';
import { tokenSource } from '../contract/token-source.js';

const HOUR = 3_600_000;

describe('A mint', () => {
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let asked: number;

  beforeEach(() => {
    ({ replica, stop } = startFleet());
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

  it('fails when the machine slept over both answers', async () => {
    const tokens = replica({ integrations: { billing: { source: asleepFor(2) } } });
    const outcomes = outcomesOf(tokens);
    await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
    expect([asked, outcomes]).toEqual([2, ['failed', 'failed']]);
  });
});
