import { REQUEST_FIELDS, RememberedKeys } from './remembered-keys.js';

describe('RememberedKeys', () => {
  let keys: RememberedKeys<string>;

  beforeEach(() => {
    keys = new RememberedKeys(2);
  });

  it.each(REQUEST_FIELDS)('find the key of a request of one text by that text alone, its %s', (field) => {
    keys.set({ [field]: 'a' }, 'key');
    expect(keys.ofText({ [field]: 'a' })).toBe('key');
    expect(keys.ofText({ [field]: 'b' })).toBeUndefined();
    for (const other of REQUEST_FIELDS) if (other !== field) expect(keys.ofText({ [other]: 'a' })).toBeUndefined();
  });

  it.each([
    ['several fields', { scope: 'a', tenant: 'b' }],
    ['a list of texts', { resource: ['https://a', 'https://b'] }],
    ['a list as its scope', { scope: ['a'] }],
  ])('find the key of a request of %s by the whole of it', (_what, request) => {
    keys.set(request, 'key');
    expect([keys.ofText({ ...request }), keys.get({ ...request })]).toEqual([undefined, 'key']);
  });

  it('keep those that were used last, of each field', () => {
    for (const tenant of ['a', 'b', 'c']) keys.set({ tenant }, tenant);
    keys.set({ scope: 'a' }, 'scope');
    expect(['a', 'b', 'c'].map((tenant) => keys.ofText({ tenant }))).toEqual([undefined, 'b', 'c']);
    expect(keys.ofText({ scope: 'a' })).toBe('scope');
  });
});
