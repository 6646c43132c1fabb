import { accessToken, type Fleet, pass, SECOND, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { tokenSource } from './contract/token-source.js';

const LIFE_MS = 600 * SECOND;

describe('A provider that refuses a new token while the old one lives', () => {
  let fleet: Fleet;
  let refusals: number;
  let mints: number;

  beforeEach(() => {
    fleet = startFleet();
    refusals = mints = 0;
  });
  afterEach(() => fleet.stop());

  function source() {
    let endsAt = -Infinity;
    return tokenSource('one-at-a-time', async () => {
      if (performance.now() < endsAt) {
        refusals++;
        throw new TokenSourceRejectedError('The old token is still valid', { oauthError: 'invalid_request' });
      }
      endsAt = performance.now() + LIFE_MS;
      return { accessToken: `token-${++mints}`, expiresInMs: LIFE_MS };
    });
  }

  it('is asked when the old one is over, and serves every caller, without margin and refresh window', async () => {
    const policy = { safetyMarginMs: 0, refreshWindowMs: 0, integrations: { billing: { source: source() } } };
    const processes = [fleet.replica(policy), fleet.replica(policy)];
    for (let second = 0; second <= 1_800; second++) {
      for (const tokens of processes) expect(await accessToken(tokens)).toBe(`token-${1 + Math.floor(second / 600)}`);
      await pass(SECOND);
    }
    expect([mints, refusals]).toEqual([4, 0]);
  });

  it('is left alone for its cool-down when it refuses the refresh, which no caller sees', async () => {
    const tokens = fleet.replica({ integrations: { billing: { source: source() } } });
    for (let second = 0; second < 570; second++) {
      expect(await accessToken(tokens)).toBe('token-1');
      await pass(SECOND);
    }
    // The refresh window is the last 120 s before the margin of 30 s, and a refusal is remembered for 30 s.
    expect(refusals).toBe(4);
  });
});
