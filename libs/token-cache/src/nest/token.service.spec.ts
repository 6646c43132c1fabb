import { Logger } from '@nestjs/common';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { TokenService } from './token.service.js';

describe('TokenService', () => {
  const options = () => ({
    store: new MemoryTokenStore(),
    integrations: { billing: { source: new FakeTokenSource() } },
  });

  it('is a TokenClient that closes when the application shuts down', async () => {
    const tokens = new TokenService(options());
    expect(tokens).toBeInstanceOf(TokenClient);
    expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
    await tokens.onApplicationShutdown();
    await expect(tokens.getToken('billing', { tenant: 'a' })).rejects.toMatchObject({
      code: 'TOKEN_STORE_UNAVAILABLE',
    });
  });

  it('logs an unexpected error of the background as the application logs', () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const error = new Error('no entropy');
    new TokenService(options())['onUnexpected'](error);
    expect(logged).toHaveBeenCalledWith(error);
    logged.mockRestore();
  });
});
