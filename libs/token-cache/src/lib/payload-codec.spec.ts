import { PayloadCodec, type TokenContent } from './payload-codec.js';

const CONTENT: TokenContent = { accessToken: 'secret', tokenType: 'Bearer', expiresAt: 1, refreshWindowMs: 2 };
const key = (id: string, fill: number): { id: string; key: Uint8Array } => ({ id, key: Buffer.alloc(32, fill) });

describe('PayloadCodec', () => {
  it('writes and reads in the clear without keys', () => {
    const codec = new PayloadCodec();
    expect(codec.decode('k', 1, codec.encode('k', 1, CONTENT))).toEqual(CONTENT);
  });

  it.each([
    '',
    'null',
    '{}',
    '[]',
    'x',
    '{"accessToken":""}',
    '{"accessToken":"a","tokenType":"Bearer","expiresAt":"1"}',
  ])('takes %p for no token', (payload) => expect(new PayloadCodec().decode('k', 1, payload)).toBeUndefined());

  describe('with keys', () => {
    const sealed = new PayloadCodec({ keys: [key('a', 1)] }).encode('k', 1, CONTENT);

    it('hides the token', () => {
      expect(sealed).not.toContain('secret');
      expect(Buffer.from(sealed.split('.')[1]!, 'base64url').toString('latin1')).not.toContain('secret');
    });

    it('seals differently every time', () => {
      expect(new PayloadCodec({ keys: [key('a', 1)] }).encode('k', 1, CONTENT)).not.toBe(sealed);
    });

    it('opens what an older key sealed, and seals with the first', () => {
      const rotated = new PayloadCodec({ keys: [key('b', 2), key('a', 1)] });
      expect(rotated.decode('k', 1, sealed)).toEqual(CONTENT);
      expect(rotated.encode('k', 1, CONTENT)).toMatch(/^b\./);
    });

    it.each([
      ['under another store key', 'other', 1, sealed],
      ['under another fence', 'k', 2, sealed],
      ['when changed', 'k', 1, sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA')],
      ['when cut', 'k', 1, sealed.slice(0, 20)],
      ['when in the clear', 'k', 1, JSON.stringify(CONTENT)],
      ['of a key it does not have', 'k', 1, sealed.replace(/^a/, 'z')],
    ])('does not open it %s', (_, keyId, fence, payload) => {
      expect(new PayloadCodec({ keys: [key('a', 1)] }).decode(keyId, fence, payload)).toBeUndefined();
    });
  });

  it.each([
    ['encryption.keys', { keys: [] }],
    ['encryption.keys[0].key', { keys: [{ id: 'a', key: 'c2hvcnQ=' }] }],
    ['encryption.keys[1].id', { keys: [key('a', 1), { id: 'b.c', key: Buffer.alloc(32) }] }],
  ])('refuses %s that cannot be', (field, encryption) => {
    expect(() => new PayloadCodec(encryption)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field }),
    );
  });
});
