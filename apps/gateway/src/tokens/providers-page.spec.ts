import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IntegrationOptions, MemoryTokenStore, TokenClient, type TokenRequest } from '@mintonce/token-cache';
import { resolveIntegration } from '../config/integration.js';
import { parseConfig } from '../config/parse-config.js';
import { recordingUpstream, type RecordingUpstream, type SeenRequest } from '../test/recording-upstream.js';
import { tokenSourceOf } from './token-source.factory.js';

const ROOT = join(__dirname, '../../../..');
const PAGE = readFileSync(join(ROOT, 'docs/providers.md'), 'utf8');
/** Characters that the encodings of HTTP Basic treat differently. */
const SECRET = 'riH+/%!-_.~=';

/** A recipe's provider on this machine, as its documentation says. */
interface Provider {
  /** The path of the token endpoint, below the name of its host. */
  readonly tokenPath: string;
  /** The path of the issuer, for those with metadata. */
  readonly issuerPath?: string;
  /** The token request that it takes; without client id and secret if they are in the header. */
  readonly form: Record<string, string>;
  /** What its `Authorization` must be, if not none. */
  readonly basic?: string;
  readonly headers?: Record<string, string>;
  readonly answer: object;
  /** The request of the recipe in code; the recipe in YAML names the tenant itself. */
  readonly request?: TokenRequest;
  readonly expiresInMs: number;
  /** The `Authorization` that its upstream must get. */
  readonly authorization: string;
}

const grant_type = 'client_credentials';
const bearer = { access_token: 'eyJ.abc', token_type: 'Bearer' };
const inBody = (client_id: string) => ({ grant_type, client_id, client_secret: SECRET });
const encoded = 'riH%2B%2F%25%21-_.~%3D';

const PROVIDERS: Record<string, Provider> = {
  'Entra ID': {
    tokenPath: '/login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token',
    form: { ...inBody('535fb089-9ff3-47b6-9bfb-4f1264799865'), scope: 'https://graph.microsoft.com/.default' },
    answer: { ...bearer, expires_in: 3599, ext_expires_in: 3599 },
    request: { tenant: 'contoso.onmicrosoft.com' },
    expiresInMs: 3_599_000,
    authorization: 'Bearer eyJ.abc',
  },
  Auth0: {
    tokenPath: '/acme.eu.auth0.com/oauth/token',
    issuerPath: '/acme.eu.auth0.com/',
    form: { ...inBody('q2Dr6hPnZ0t7xkVd'), audience: 'https://billing.example/', organization: 'contoso' },
    answer: { ...bearer, expires_in: 86_400 },
    request: { tenant: 'contoso' },
    expiresInMs: 86_400_000,
    authorization: 'Bearer eyJ.abc',
  },
  Keycloak: {
    tokenPath: '/sso.example/realms/shop/protocol/openid-connect/token',
    issuerPath: '/sso.example/realms/shop',
    form: { grant_type, scope: 'email profile' },
    basic: `product-sa-client:${encoded}`,
    answer: { ...bearer, expires_in: 60, refresh_expires_in: 0, 'not-before-policy': 0, scope: 'email profile' },
    expiresInMs: 60_000,
    authorization: 'Bearer eyJ.abc',
  },
  Cognito: {
    tokenPath: '/shop.auth.eu-central-1.amazoncognito.com/oauth2/token',
    form: { grant_type, scope: 'https://billing.example/invoices.read' },
    basic: `djc98u3jiedmi283eu928:${encoded}`,
    answer: { ...bearer, expires_in: 3_600 },
    expiresInMs: 3_600_000,
    authorization: 'Bearer eyJ.abc',
  },
  PayPal: {
    tokenPath: '/api-m.sandbox.paypal.com/v1/oauth2/token',
    form: { grant_type },
    basic: `AfV-d_X8k:${SECRET}`,
    answer: { ...bearer, scope: 'scope', app_id: 'APP-80W284485P519543T', expires_in: 31_349, nonce: 'nonce' },
    expiresInMs: 31_349_000,
    authorization: 'Bearer eyJ.abc',
  },
  Zoho: {
    tokenPath: '/accounts.zoho.eu/oauth/v2/token',
    form: { ...inBody('1000.O1X5Q91NTGH'), scope: 'ZohoCRM.settings.READ', soid: 'ZohoCRM.60012345434' },
    answer: { ...bearer, api_domain: 'https://www.zohoapis.eu', expires_in: 3_600 },
    expiresInMs: 3_600_000,
    authorization: 'Zoho-oauthtoken eyJ.abc',
  },
  'SAP XSUAA': {
    tokenPath: '/acme.authentication.eu10.hana.ondemand.com/oauth/token',
    form: { grant_type },
    basic: `sb-shop!b4:${SECRET}`,
    answer: { ...bearer, token_type: 'bearer', expires_in: 43_199, scope: 'uaa.resource', jti: '0b5' },
    request: { tenant: 'acme' },
    expiresInMs: 43_199_000,
    authorization: 'Bearer eyJ.abc',
  },
  Apigee: {
    tokenPath: '/apitest.acme.example/oauth/token',
    form: { grant_type, scope: 'READ' },
    basic: `sqH8ooHexTz8C02IX9ORo6rhgq1iSrAl:${encoded}`,
    headers: { 'x-api-key': 'acme-key' },
    answer: {
      ...bearer,
      token_type: 'BearerToken',
      expires_in: '1799',
      issued_at: '1420262924658',
      status: 'approved',
    },
    expiresInMs: 1_799_000,
    authorization: 'Bearer eyJ.abc',
  },
};

/** The text between a heading and the next one. */
function sectionOf(provider: string): string {
  return PAGE.split(`\n## ${provider}\n`)[1]?.split('\n## ')[0] ?? '';
}

function blockOf(provider: string, language: string): string {
  const blocks = [...sectionOf(provider).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))];
  if (blocks.length !== 1) throw new Error(`The section of ${provider} has ${blocks.length} blocks of ${language}`);
  return blocks[0]![1]!;
}

describe('The page of identity providers', () => {
  let directory: string;
  let server: RecordingUpstream;
  let provider: Provider;

  beforeAll(async () => {
    server = await recordingUpstream();
    // Inside the workspace, so that the recipes find its packages.
    mkdirSync(join(ROOT, '.mintonce'), { recursive: true });
    directory = mkdtempSync(join(ROOT, '.mintonce', 'providers-'));
    for (const name of PAGE.match(/\b[A-Z0-9]+_SECRET\b/g) ?? []) process.env[name] = SECRET;
  });
  beforeEach(() => {
    server.reset();
    server.behave((request, response) => {
      const path = request.url ?? '';
      const seen = server.seen.at(-1)!;
      const { tokenPath, issuerPath = '/none' } = provider;
      const metadata = { issuer: server.url + issuerPath, token_endpoint: server.url + tokenPath };
      const send = (status: number, body: object): void => {
        response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(body));
      };
      if (path === '/upstream') send(200, {});
      else if (path === `${issuerPath.replace(/\/$/, '')}/.well-known/openid-configuration`) send(200, metadata);
      else if (path === tokenPath && request.method === 'POST' && takes(seen)) send(200, provider.answer);
      else send(path === tokenPath ? 401 : 404, { error: 'invalid_client' });
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  function takes({ headers, body }: SeenRequest): boolean {
    const { form, basic, headers: wanted = {} } = provider;
    const login = basic && `Basic ${Buffer.from(basic).toString('base64')}`;
    const sent = Object.fromEntries(new URLSearchParams(body.toString()));
    return (
      headers.authorization === login &&
      JSON.stringify(Object.entries(sent).sort()) === JSON.stringify(Object.entries(form).sort()) &&
      Object.entries(wanted).every(([name, value]) => headers[name] === value)
    );
  }

  /** The recipe with the servers that it names on this machine, each in a folder of its own. */
  function here(recipe: string): string {
    return recipe.replace(/((?:issuer|tokenEndpoint|upstream): '?)https:\/\//g, `$1${server.url}/`);
  }

  /** The integration that a recipe in code exports. */
  function fromCode(name: string, recipe: string): IntegrationOptions {
    const file = join(directory, `${name}.ts`);
    writeFileSync(
      file,
      here(recipe).replace('clientCredentials({', 'clientCredentials({ allowInsecureRequests: true,'),
    );
    return Object.values(jest.requireActual<Record<string, IntegrationOptions>>(file))[0]!;
  }

  /** The integration that a recipe in YAML describes. */
  function fromYaml(recipe: string): IntegrationOptions {
    const [[name, integration] = ['', undefined!]] = Object.entries(
      parseConfig(here(recipe), process.env).integrations,
    );
    const { token, credential } = resolveIntegration(name, integration, directory, []);
    const source = tokenSourceOf(name, { ...token, allowInsecureRequests: true });
    return { source, credential };
  }

  async function runs(integration: IntegrationOptions, request: TokenRequest): Promise<void> {
    const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'recipe' };
    const { expiresInMs } = await integration.source.mint(request, context);
    expect(expiresInMs).toBe(provider.expiresInMs);

    const tokens = new TokenClient({ store: new MemoryTokenStore(), integrations: { recipe: integration } });
    const response = await tokens.fetch('recipe', `${server.url}/upstream`, { token: request });
    expect(response.status).toBe(200);
    expect(server.seen.at(-1)).toMatchObject({ url: '/upstream', headers: { authorization: provider.authorization } });
    await tokens.close();
  }

  it('has a recipe of each provider in the test, and of no other', () => {
    const headings = [...PAGE.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
    const recipes = headings.filter((heading) => /^```yaml$/m.test(sectionOf(heading)));
    expect(recipes).toEqual([...Object.keys(PROVIDERS), 'Client certificates']);
  });

  it.each(Object.entries(PROVIDERS))('has a recipe in code that gets a token: %s', async (name, expected) => {
    provider = expected;
    await runs(fromCode(name, blockOf(name, 'ts')), provider.request ?? {});
  });

  it.each(Object.entries(PROVIDERS))('has a recipe in YAML that gets a token: %s', async (name, expected) => {
    provider = expected;
    await runs(fromYaml(blockOf(name, 'yaml')), {});
  });
});
