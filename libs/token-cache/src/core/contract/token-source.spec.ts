import { tokenSource } from './token-source.js';

describe('tokenSource', () => {
  const mint = async () => ({ accessToken: 'token' });

  it('makes a source of a function, whose provider and client are its own', () => {
    expect(tokenSource('sso', mint)).toStrictEqual({ identity: 'sso', mint });
  });

  it('names the provider and the client that it shares with other sources', () => {
    const names = { provider: 'https://sso.example/token', client: 'gateway' };
    expect(tokenSource('sso', mint, names)).toEqual({ identity: 'sso', mint, ...names });
  });
});
