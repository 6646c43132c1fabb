import { type EncryptionOptions, resolveEncryption } from './encryption.js';

const key = (id: string, fill: number): { id: string; key: Uint8Array } => ({ id, key: Buffer.alloc(32, fill) });

describe('resolveEncryption', () => {
  it('has no keys without options', () => {
    expect(resolveEncryption(undefined).size).toBe(0);
  });

  it('gives the keys in their order, as bytes', () => {
    const inBase64 = { id: 'key_of-2026', key: Buffer.alloc(32, 2).toString('base64') };
    expect([...resolveEncryption({ keys: [key('a', 1), inBase64] })]).toEqual([
      ['a', Buffer.alloc(32, 1)],
      ['key_of-2026', Buffer.alloc(32, 2)],
    ]);
  });

  it.each([
    ['encryption.keys', 'must name at least one key', { keys: [] }],
    ['encryption.keys', 'must name at least one key', {}],
    ['encryption.keys[0].key', 'must be 32 bytes', { keys: [{ id: 'a', key: 'c2hvcnQ=' }] }],
    ['encryption.keys', 'must name at least one key', { keys: 'a' }],
    ['encryption.keys[0].id', 'must be letters, digits, "_" and "-"', { keys: [null] }],
    ['encryption.keys[0].id', 'must be letters, digits, "_" and "-"', { keys: [{ key: Buffer.alloc(32) }] }],
    ['encryption.keys[1].id', 'must differ from the others', { keys: [key('a', 1), key('a', 2)] }],
    ['encryption.keys[0].key', 'must be 32 bytes', { keys: [{ id: 'a' }] }],
    ['encryption.keys[0].key', 'must be 32 bytes', { keys: [{ id: 'a', key: Array(32).fill(1) }] }],
    [
      'encryption.keys[1].id',
      'must be letters, digits, "_" and "-"',
      { keys: [key('a', 1), { id: 'b.c', key: Buffer.alloc(32) }] },
    ],
  ])('says that %s %s', (field, problem, encryption) => {
    expect(() => resolveEncryption(encryption as EncryptionOptions)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field, message: `${field} ${problem}` }),
    );
  });
});
