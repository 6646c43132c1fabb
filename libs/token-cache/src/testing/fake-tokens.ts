import { type TokenRequest } from '../core/contract/token-request.js';
import { type MintedToken, type TokenSource } from '../core/contract/token-source.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenService } from '../nest/token.service.js';

/** What an integration gives in a test: an access token, a whole answer of its source, or the error of each mint. */
export type FakeIntegration = string | MintedToken | Error | ((request: TokenRequest) => string | MintedToken);

/**
 * A `TokenService` for tests of what uses one: the real one, on a store in memory, whose tokens are these. `fetch`, `peek`,
 * `invalidate`, `purge` and `purgeAll` work as they do in the application, without a store or an identity provider.
 *
 * @param integrations the tokens, by the names that `getToken` is called with
 * @example
 * const invoices = new Invoices(fakeTokens({ billing: 'a-token' }));
 * const module = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(TokenService)
 *   .useValue(fakeTokens({ billing: 'a-token', crm: new TokenSourceUnavailableError('down') }))
 *   .compile();
 * @throws TokenIntegrationUnknownError when asked for any other name, as in the application
 */
export function fakeTokens(integrations: Record<string, FakeIntegration> = {}): TokenService {
  const sources = Object.entries(integrations).map(([name, fake]) => [name, { source: sourceOf(name, fake) }] as const);
  return new TokenService({ store: new MemoryTokenStore(), integrations: Object.fromEntries(sources) });
}

function sourceOf(name: string, fake: FakeIntegration): TokenSource {
  return {
    identity: `fake ${name}`,
    mint: async (request) => {
      const answer = typeof fake === 'function' ? fake(request) : fake;
      if (answer instanceof Error) throw answer;
      return typeof answer === 'string' ? { accessToken: answer, expiresInMs: 3_600_000 } : answer;
    },
  };
}
