import { groupOf, keyIdIn, parseKeyId } from './key-group.js';

describe('The id of a key', () => {
  it('tells the group of its integration and the key', () => {
    const group = groupOf('billing');
    const id = 'any id, with . and more,\nof two lines';
    expect(parseKeyId(keyIdIn(group, id))).toEqual({ group, id });
  });

  it.each(['', 'key', '.', 'short.key', 'far-too-long-for-a-group.key', 'not a group!.key', `${groupOf('billing')}.`])(
    'names no group, and is the key as it is: %j',
    (id) => {
      expect(parseKeyId(id)).toEqual({ id });
    },
  );

  it('has a group that is safe in the names of any store', () => {
    const groups = Array.from({ length: 1_000 }, (_, number) => groupOf(`integration ${number}`));
    expect(new Set(groups).size).toBe(1_000);
    expect(groups.every((group) => /^[\w-]{12}$/.test(group))).toBe(true);
  });

  it('has the same group in every version, since processes of two versions share their records', () => {
    expect(groupOf('billing')).toBe('DJXH7OHOGpdQ');
  });
});
