import { type EncryptionKey, resolveEncryption } from '../config/encryption.js';
import { type TokenContent } from '../contract/token-content.js';
import { PayloadCodec } from './payload-codec.js';

const CONTENT: TokenContent = { accessToken: 'secret', tokenType: 'Bearer', expiresAt: 1, refreshWindowMs: 2 };
const key = (id: string, fill: number): { id: string; key: Uint8Array } => ({ id, key: Buffer.alloc(32, fill) });
const codecWith = (...keys: EncryptionKey[]): PayloadCodec =>
  new PayloadCodec(resolveEncryption(keys.length > 0 ? { keys } : undefined));

describe('PayloadCodec', () => {
  it('writes and reads in the clear without keys', () => {
    const codec = codecWith();
    expect(codec.decode('k', 1, codec.encode('k', 1, CONTENT))).toEqual(CONTENT);
  });

  it.each(['', 'null', '{}', '[]', 'x', '{"accessToken":""}'])('takes %p for no token', (payload) =>
    expect(codecWith().decode('k', 1, payload)).toBeUndefined(),
  );

  it.each([
    ['accessToken', [undefined, '', 7]],
    ['tokenType', [undefined, null, 7]],
    ['expiresAt', [undefined, null, '1']],
    ['refreshWindowMs', [undefined, null, '2']],
    ['lifeMs', [null, '2']],
  ])('takes content for no token whose %s cannot be', (field, values) => {
    for (const value of values) {
      const payload = JSON.stringify({ ...CONTENT, [field]: value });
      expect([payload, codecWith().decode('k', 1, payload)]).toEqual([payload, undefined]);
    }
  });

  describe('with keys', () => {
    let sealed: string;

    beforeEach(() => (sealed = codecWith(key('a', 1)).encode('k', 1, CONTENT)));

    it('hides the token', () => {
      expect(sealed).not.toContain('secret');
      expect(Buffer.from(sealed.split('.')[1]!, 'base64url').toString('latin1')).not.toContain('secret');
    });

    it('seals differently every time', () => {
      expect(codecWith(key('a', 1)).encode('k', 1, CONTENT)).not.toBe(sealed);
    });

    it('opens what an older key sealed, and seals with the first', () => {
      const rotated = codecWith(key('b', 2), key('a', 1));
      expect(rotated.decode('k', 1, sealed)).toEqual(CONTENT);
      expect(rotated.encode('k', 1, CONTENT)).toMatch(/^b\./);
    });

    it.each([
      ['under another store key', 'other', 1, () => sealed],
      ['under another fence', 'k', 2, () => sealed],
      ['when changed', 'k', 1, () => sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA')],
      ['when cut', 'k', 1, () => sealed.slice(0, 20)],
      ['when nothing is left but the name of the key', 'k', 1, () => 'a'],
      ['when in the clear', 'k', 1, () => JSON.stringify(CONTENT)],
      ['of a key it does not have', 'k', 1, () => sealed.replace(/^a/, 'z')],
    ])('does not open it %s', (_, keyId, fence, payload) => {
      expect(codecWith(key('a', 1)).decode(keyId, fence, payload())).toBeUndefined();
    });

    it('takes a key in base64 for the same as its bytes', () => {
      const inBase64 = { id: 'a', key: Buffer.alloc(32, 1).toString('base64') };
      expect(codecWith(inBase64).decode('k', 1, sealed)).toEqual(CONTENT);
    });

    it('keeps every character of a token', () => {
      const codec = codecWith(key('a', 1));
      const content = { ...CONTENT, scope: 'größe 東京' };
      expect(codec.decode('k', 1, codec.encode('k', 1, content))).toEqual(content);
    });
  });
});
