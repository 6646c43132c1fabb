import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { TokenCacheError, TokenSourceUnavailableError } from '../core/contract/token-cache.errors.js';
import { Token } from '../core/contract/token.js';
import { fakeToken } from './fake-token.js';
import { fakeTokens } from './fake-tokens.js';

describe('fakeTokens()', () => {
  it('is a TokenService that gives the tokens of the test', async () => {
    const tokens = fakeTokens({
      billing: 'a-token',
      crm: { accessToken: 'b-token', tokenType: 'Custom', expiresInMs: 600_000 },
      tenants: ({ tenant }) => `token-of-${tenant}`,
    });
    expect((await tokens.getToken('billing')).authorization).toBe('Bearer a-token');
    expect((await tokens.getToken('crm')).authorization).toBe('Custom b-token');
    expect((await tokens.getToken('tenants', { tenant: 'acme' })).accessToken).toBe('token-of-acme');
    expect(tokens.integrations).toEqual(['billing', 'crm', 'tenants']);
    await tokens.close();
  });

  it('refuses a caller that needs its token for longer than the fake lives, as the application does', async () => {
    const tokens = fakeTokens({ billing: 'a-token', crm: { accessToken: 'short', expiresInMs: 60_000 } });
    expect((await tokens.getToken('billing', undefined, { minLifeMs: 600_000 })).accessToken).toBe('a-token');
    await expect(tokens.getToken('crm', undefined, { minLifeMs: 600_000 })).rejects.toMatchObject({
      code: 'TOKEN_LIFE_TOO_SHORT',
    });
    await tokens.close();
  });

  it('fails as the test says, and as the application does for a name that it does not know', async () => {
    const tokens = fakeTokens({ billing: new TokenSourceUnavailableError('down for the night') });
    await expect(tokens.getToken('billing')).rejects.toThrow('down for the night');
    await expect(tokens.getToken('crm')).rejects.toMatchObject({ code: 'TOKEN_INTEGRATION_UNKNOWN' });
    await expect(tokens.getToken('crm')).rejects.toBeInstanceOf(TokenCacheError);
    await tokens.close();
  });

  it('sends the tokens of the test with fetch', async () => {
    const server = createServer((request, response) => response.end(request.headers.authorization));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const tokens = fakeTokens({ billing: 'a-token' });
    const response = await tokens.fetch('billing', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await response.text()).toBe('Bearer a-token');
    await tokens.close();
    server.closeAllConnections();
    await once(server.close(), 'close');
  });
});

describe('fakeToken()', () => {
  it('is a Token that is valid for an hour', () => {
    const token = fakeToken();
    expect(token).toBeInstanceOf(Token);
    expect(token.authorization).toBe('Bearer fake-token');
    expect(token.expiresAt - Date.now()).toBeGreaterThan(3_590_000);
    expect(token.refreshAt).toBe(token.expiresAt - 300_000);
  });

  it('has what the test says', () => {
    const token = fakeToken({ accessToken: 'a', integration: 'billing', generation: 7, expiresAt: 1_000_000 });
    expect([token.accessToken, token.integration, token.generation, token.expiresAt, token.refreshAt]).toEqual([
      'a',
      'billing',
      7,
      1_000_000,
      700_000,
    ]);
  });
});
