import { inspect } from 'node:util';
import { Token } from './token.js';

const token = (tokenType = 'bearer'): Token =>
  new Token({
    accessToken: 'very-secret',
    tokenType,
    scope: 'read',
    integration: 'billing',
    generation: 7,
    expiresAt: 3,
    endsAt: 2,
    refreshAt: 1,
    keyId: 'k',
  });

describe('Token', () => {
  it('shows everything but the access token', () => {
    const shown = [
      inspect(token(), { depth: 9, showHidden: true }),
      JSON.stringify(token()),
      // oxlint-disable-next-line typescript/no-base-to-string -- what a token becomes by mistake
      String(token()),
      inspect({ ...token() }),
    ];
    for (const text of shown) expect(text).not.toContain('very-secret');
    expect(JSON.parse(JSON.stringify(token()))).toEqual({
      tokenType: 'bearer',
      scope: 'read',
      integration: 'billing',
      generation: 7,
      expiresAt: 3,
      endsAt: 2,
      refreshAt: 1,
    });
  });

  it.each([
    ['bearer', 'Bearer very-secret'],
    ['BEARER', 'Bearer very-secret'],
    ['N_A', 'N_A very-secret'],
    ['NotBearer', 'NotBearer very-secret'],
    ['Bearerish', 'Bearerish very-secret'],
  ])('of type %s is sent as "%s"', (type, authorization) => expect(token(type).authorization).toBe(authorization));
});
