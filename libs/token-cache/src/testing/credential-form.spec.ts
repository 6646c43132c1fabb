import { resolveIntegrations } from '../core/config/token-cache.options.js';
import { DEFAULT_POLICY } from '../core/config/policy.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { CredentialServer } from './credential-server.spec-support.js';
import { DOORS } from './doors.spec-support.js';
import { FakeTokenSource } from './fake-token-source.js';

function billing(credential?: string, tokenType = 'bearer'): TokenClient {
  const source = new FakeTokenSource('t');
  source.answer = { expiresInMs: 3_600_000, tokenType };
  return new TokenClient({ store: new MemoryTokenStore(), integrations: { billing: { source, credential } } });
}

describe.each(Object.entries(DOORS))('The option credential, for %s', (_door, send) => {
  let server: CredentialServer;

  beforeEach(async () => {
    server = await CredentialServer.start();
  });
  afterEach(() => server.stop());

  it.each<[string | undefined, string, string, string]>([
    [undefined, 'bearer', 'authorization', 'Bearer t-token-1'],
    [undefined, 'Zoho-oauthtoken', 'authorization', 'Zoho-oauthtoken t-token-1'],
    ['Authorization: Zoho-oauthtoken {token}', 'bearer', 'authorization', 'Zoho-oauthtoken t-token-1'],
    ['Authorization: {token}', 'bearer', 'authorization', 't-token-1'],
    ['X-Shopify-Access-Token: {token}', 'bearer', 'x-shopify-access-token', 't-token-1'],
    ['X-Auth: {type}/{token};v=$&', 'bearer', 'x-auth', 'Bearer/t-token-1;v=$&'],
  ])('of %p sends a token of type %s as %s: %s', async (credential, tokenType, name, value) => {
    const tokens = billing(credential, tokenType);
    expect(await send(tokens, server.url, { [name]: 'mine', 'x-trace': '1' })).toBe(200);
    expect(server.seen).toMatchObject([{ headers: { [name]: value, 'x-trace': '1' } }]);
    await tokens.close();
  });

  it('sends a header of another name to no place that the upstream names', async () => {
    const foreign = await CredentialServer.start();
    server.answer = (_, response) =>
      response.writeHead(302, { location: foreign.url.replace('127.0.0.1', 'localhost') }).end();
    const tokens = billing('X-Api-Token: {token}');
    expect(await send(tokens, server.url, {})).toBe(302);
    expect(foreign.seen).toEqual([]);
    await tokens.close();
    foreign.stop();
  });
});

it('The option credential is refused by the name of its integration', () => {
  const integrations = { billing: { source: new FakeTokenSource(), credential: '{token}' } };
  expect(() => resolveIntegrations(integrations, DEFAULT_POLICY)).toThrow(
    expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field: 'integrations.billing.credential' }),
  );
});
