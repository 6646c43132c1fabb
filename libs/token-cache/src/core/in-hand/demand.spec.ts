import { type HeldToken } from '../contract/held-token.js';
import { Token } from '../contract/token.js';
import { hopelessness, livesLongEnough, serves } from './demand.js';

const NOW = { monotonicAt: 1_000, wallAt: 50_000 };

function held(leftMs: { byMonotonic: number; byWall: number }, lifeMs?: number): HeldToken {
  const properties = { accessToken: 'a', tokenType: 'Bearer', integration: 'billing', expiresAt: 0, refreshAt: 0 };
  const token = new Token({ ...properties, generation: 7, keyId: 'key' });
  return {
    token,
    given: Promise.resolve(token),
    ends: { monotonicAt: NOW.monotonicAt + leftMs.byMonotonic, wallAt: NOW.wallAt + leftMs.byWall },
    lifeMs,
    refreshAt: 0,
    obtainedAt: 0,
    tendAt: 0,
    sharing: { state: 'shared' },
  };
}

describe('A token', () => {
  it.each([
    ['serves who needs it for what is left of it', 100, 100, 100, true],
    ['does not serve who needs it for longer', 100, 100, 101, false],
    ['does not serve who needs it for longer than the wall clock leaves', 100, 99, 100, false],
    ['does not serve who needs it for longer than the monotonic clock leaves', 99, 100, 100, false],
    ['serves who does not say for how long', 1, 1, undefined, true],
    ['that ends while it is given out serves who does not say for how long', -1, -1, undefined, true],
  ])('%s', (_what, byMonotonic, byWall, minLifeMs, isEnough) => {
    expect(livesLongEnough(held({ byMonotonic, byWall }), { minLifeMs }, NOW)).toBe(isEnough);
  });

  it('that an upstream refused does not serve, however long it lives', () => {
    const token = held({ byMonotonic: 100, byWall: 100 });
    expect(serves(token, { refusedGeneration: 7, minLifeMs: 10 }, NOW)).toBe(false);
    expect(serves(token, { refusedGeneration: 6, minLifeMs: 10 }, NOW)).toBe(true);
  });

  it.each([
    ['promises nothing of its successor when its life is not known', undefined, 1_000_000, undefined],
    ['has a successor that serves for nine tenths of its life', 1_000, 900, undefined],
    [
      'has no successor that serves for more',
      1_000,
      901,
      { code: 'TOKEN_LIFE_TOO_SHORT', lifeMs: 1_000, minLifeMs: 901 },
    ],
  ])('%s', (_what, lifeMs, minLifeMs, error) => {
    const hopeless = hopelessness(held({ byMonotonic: 1, byWall: 1 }, lifeMs), { minLifeMs });
    if (error) expect(hopeless).toMatchObject(error);
    else expect(hopeless).toBeUndefined();
  });
});
