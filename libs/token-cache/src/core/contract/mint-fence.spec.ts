import { voids } from './mint-fence.js';

describe('voids', () => {
  it.each([
    ['purged', 6, true],
    ['purged', 7, true],
    ['purged', 8, false],
    ['invalidated', 6, true],
    ['invalidated', 7, true],
    ['invalidated', 8, false],
    ['purged-group', 6, true],
    ['purged-group', 7, true],
    ['purged-group', 8, false],
    ['stored', 6, false],
    ['failed', 6, false],
  ] as const)('says of a key that was %s up to fence 7, and a mint under %s: %s', (type, fence, isVoid) => {
    expect(voids({ type, fence: 7 }, fence)).toBe(isVoid);
  });

  it.each(['purged', 'purged-group'] as const)(
    'says of an event "%s" without a fence that it voids every mint',
    (type) => {
      expect(voids({ type, fence: undefined }, Number.MAX_SAFE_INTEGER)).toBe(true);
    },
  );
});
