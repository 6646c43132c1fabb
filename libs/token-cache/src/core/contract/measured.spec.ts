import {
  HIT_LAYERS,
  MINT_OUTCOMES,
  MINT_REASONS,
  MINT_SECONDS,
  REJECTION_OUTCOMES,
  STORE_SECONDS,
} from './measured.js';

describe('What is measured', () => {
  it.each<[string, readonly string[], string[]]>([
    ['hits', HIT_LAYERS, ['near', 'shared', 'waited']],
    ['what became of mints', MINT_OUTCOMES, ['stored', 'superseded', 'local', 'failed']],
    ['why tokens are minted', MINT_REASONS, ['miss', 'refresh', 'invalidated']],
    ['what became of refusals', REJECTION_OUTCOMES, ['replaced', 'held', 'stale', 'contested', 'excused']],
  ])('has labels for %s that dashboards and alerts name', (_what, labels, expected) => {
    expect(labels).toEqual(expected);
  });

  it.each([
    ['the store', STORE_SECONDS, 0.000_5, 1],
    ['the source', MINT_SECONDS, 0.01, 30],
  ])('has rising bounds for the answers of %s, from the fastest to its timeout', (_what, bounds, first, last) => {
    expect([bounds[0], bounds.at(-1)]).toEqual([first, last]);
    expect(bounds).toEqual([...bounds].sort((one, other) => one - other));
    // Two steps for each decade tell a quantile well enough.
    expect(bounds.length).toBeGreaterThan(2 * Math.log10(last / first));
  });
});
