import { resolveIntegration } from '../config/integration.js';
import { parseConfig } from '../config/parse-config.js';
import { tokenSourceOf } from './token-source.factory.js';

/** The source of a `token` section with these fields beside those that it needs. */
function source(fields: object) {
  const server = 'tokenEndpoint' in fields ? {} : { issuer: 'https://idp.example' };
  const token = { grant: 'client_credentials', clientId: 'gateway', clientSecret: 's3cret', ...server, ...fields };
  const file = JSON.stringify({ integrations: { billing: { upstream: 'https://billing.example', token } } });
  const { token: section } = resolveIntegration('billing', parseConfig(file, {}).integrations['billing']!, '', []);
  return tokenSourceOf('billing', section);
}

describe('The token section of an integration', () => {
  it.each([
    ['clientAuth', { clientAuth: 'client_secret_basic_raw' }],
    ['resource', { resource: 'https://billing.example' }],
    ['resource', { resource: ['https://billing.example', 'https://crm.example'] }],
    ['parameters', { parameters: { organization: 'acme', acr: ['a', 'b'], empty: '' } }],
    ['headers', { headers: { 'X-Api-Key': 'key' } }],
    ['tokenType', { tokenType: 'Zoho-oauthtoken' }],
    ['a pasted URL of metadata', { issuer: 'https://idp.example/.well-known/openid-configuration' }],
  ])('takes %s: %j', (_what, fields) => {
    expect(source(fields).identity).not.toBe(source({}).identity);
  });

  it.each([
    ['token.clientAuth', { clientAuth: 'basic' }],
    ['token.resource', { resource: '' }],
    ['token.parameters.a', { parameters: { a: 7 } }],
    ['token.parameters.scope: is the option scope', { parameters: { scope: 's3cret' } }],
    ['token.headers.Authorization: is set by the source itself', { headers: { Authorization: 's3cret' } }],
    ['token.headers.a: must be visible ASCII', { headers: { a: 's3cret\n' } }],
    ['token.tokenType: must be the scheme', { tokenType: 's3cret s3cret' }],
    ['token.credentials: is not an option', { credentials: 's3cret' }],
    ['token.tokenEndpoint: is a /.well-known/ URL', { tokenEndpoint: 'https://a.example/.well-known/x' }],
    ['token: must not hold {tenant} or {subject}', { tokenEndpoint: 'https://a.example/{tenant}/token' }],
    ['token: must not hold {tenant} or {subject}', { parameters: { user: '{subject}' } }],
  ])('is refused with %s, and quotes no value: %j', (message, fields) => {
    const problem = expect.stringContaining(`integrations.billing.${message}`);
    expect(() => source(fields)).toThrow(expect.objectContaining({ message: problem }));
    expect(() => source(fields)).not.toThrow(/s3cret/);
  });
});
