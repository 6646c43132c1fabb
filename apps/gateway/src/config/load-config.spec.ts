import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY } from '@mintonce/token-cache';
import { loadConfig } from './load-config.js';

const BILLING = `
integrations:
  billing:
    upstream: https://billing.example/api
    token: { grant: client_credentials, issuer: https://idp.example, clientId: gateway, clientSecret: \${BILLING_SECRET}, scope: [invoices:read] }
`;

describe('loadConfig', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gateway-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
    writeFileSync(join(directory, 'gateway.yaml'), yaml);
    return loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', BILLING_SECRET: 's3cret', ...env }, directory);
  }

  /** A file with the billing integration, in which one field is replaced. */
  function billing(field: 'upstream' | 'clientId' | 'clientSecret', lines: string) {
    return [
      'integrations:',
      '  billing:',
      field === 'upstream' ? `    ${lines}` : '    upstream: https://billing.example/api',
      '    token:',
      '      grant: client_credentials',
      '      issuer: https://idp.example',
      field === 'clientId' ? `      ${lines}` : '      clientId: gateway',
      field === 'clientSecret' ? `      ${lines}` : '      clientSecret: s3cret',
    ].join('\n');
  }

  function errorOf(load: () => unknown): string {
    try {
      load();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('The configuration was accepted');
  }

  it('fills in every default', () => {
    const config = load(BILLING);

    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      store: 'sqlite',
      sqlitePath: join(directory, '.mintonce', 'tokens.sqlite'),
      drainTimeoutMs: 10_000,
    });
    expect(config.integrations.get('billing')).toMatchObject({
      timeouts: { connectMs: 5_000, headersMs: 60_000, bodyMs: 300_000 },
      retryBodyLimitBytes: 65_536,
      forwardCookies: false,
    });
  });

  it.each(Object.entries(DEFAULT_POLICY))(
    "accepts the library's policy option %s, for all and for one integration",
    (name, value) => {
      const policy = JSON.stringify({ [name]: value });
      const config = load(`policy: ${policy}${BILLING}    policy: ${policy}`);

      expect(config.policy).toEqual({ [name]: value });
      expect(config.integrations.get('billing')?.policy).toEqual({ [name]: value });
    },
  );

  it('accepts the longest delays and kept bodies', () => {
    const timeouts = { connectMs: 2_147_483_647, headersMs: 2_147_483_647, bodyMs: 2_147_483_647 };
    const yaml = `${BILLING}    timeouts: ${JSON.stringify(timeouts)}\n    retryBodyLimitBytes: 8388608`;

    expect(load(yaml).integrations.get('billing')).toMatchObject({ timeouts, retryBodyLimitBytes: 8_388_608 });
  });

  it('replaces a variable in a flow mapping', () => {
    expect(load(BILLING).integrations.get('billing')?.token.clientSecret).toBe('s3cret');
  });

  it('reads the value of a variable as text and not as YAML', () => {
    const config = load(BILLING, { BILLING_SECRET: 'a: {b, "c" # ${BILLING_SECRET}' });

    expect(config.integrations.get('billing')?.token.clientSecret).toBe('a: {b, "c" # ${BILLING_SECRET}');
  });

  it('ignores variables in comments', () => {
    expect(() => load(`# \${NOT_SET}${BILLING}`)).not.toThrow();
  });

  it('uses Redis if REDIS_URL is set, unless the file names another store', () => {
    expect(load(BILLING, { REDIS_URL: 'redis://127.0.0.1:6390' }).store).toBe('redis');
    expect(load(`store: memory${BILLING}`, { REDIS_URL: 'redis://127.0.0.1:6390' }).store).toBe('memory');
  });

  it('takes REDIS_URL in place of the whole section redis, whose files need not be there', () => {
    const redis = 'redis: { host: redis.example, password: file:nowhere, keyPrefix: "shop:" }';
    const config = load(`${redis}${BILLING}`, { REDIS_URL: 'redis://127.0.0.1:6390?family=4' });

    expect(config.redis).toEqual({ address: { kind: 'url', url: 'redis://127.0.0.1:6390?family=4' } });
    expect(errorOf(() => load(`${redis}${BILLING}`))).toContain('redis.password: the file');
  });

  it('uses the Redis of its section, unless the file names another store', () => {
    const redis = 'redis: { host: redis.example }';

    expect(load(`${redis}${BILLING}`)).toMatchObject({ store: 'redis', redis: { address: { host: 'redis.example' } } });
    expect(load(`store: sqlite\n${redis}${BILLING}`)).toMatchObject({ store: 'sqlite', redis: undefined });
  });

  it('keeps the database in GATEWAY_STATE_DIR, unless the file names its path', () => {
    expect(load(BILLING, { GATEWAY_STATE_DIR: '/var/lib/gateway' }).sqlitePath).toBe('/var/lib/gateway/tokens.sqlite');
    expect(load(`sqlite: { path: data/t.sqlite }${BILLING}`).sqlitePath).toBe(join(directory, 'data', 't.sqlite'));
  });

  it('reads a secret from its file, relative to the configuration, and again after the file has changed', () => {
    writeFileSync(join(directory, 'secret'), 'first\n');
    const secret = load(billing('clientSecret', 'clientSecret: file:secret')).integrations.get('billing')?.token
      .clientSecret;

    expect(secret).toBeInstanceOf(Function);
    const read = secret as () => string;
    expect(read()).toBe('first');
    writeFileSync(join(directory, 'secret'), 'second\r\n');
    expect(read()).toBe('second');
  });

  it('reads headers, parameters and the form of the credential from files as well', () => {
    for (const name of ['key', 'device', 'credential']) writeFileSync(join(directory, name), `${name}: {token}\n`);
    const yaml = `${billing('clientId', 'clientId: gateway')}
      headers: { x-api-key: 'file:key', x-plain: plain }
      parameters: { device: 'file:device', acr: [a, 'file:device'] }
    credential: file:credential`;
    const { token, credential } = load(yaml).integrations.get('billing')!;

    expect(credential).toBe('credential: {token}');
    expect(token.headers?.['x-plain']).toBe('plain');
    expect([token.parameters?.['acr']].flat()[0]).toBe('a');
    const [key, device, acr] = [
      token.headers?.['x-api-key'],
      token.parameters?.['device'],
      [token.parameters?.['acr']].flat()[1],
    ];
    writeFileSync(join(directory, 'key'), 'rotated');
    expect([key, device, acr].map((read) => (read as () => string)())).toEqual([
      'rotated',
      'device: {token}',
      'device: {token}',
    ]);
  });

  it.each([
    ['a missing field', billing('clientId', '# none'), 'integrations.billing.token.clientId: is missing'],
    ['an empty field', billing('clientId', 'clientId: ""'), 'integrations.billing.token.clientId: must not be empty'],
    [
      'an unknown field',
      billing('clientId', 'clientID: gateway'),
      'integrations.billing.token.clientID: is not an option',
    ],
    ['an unknown section', `integration: {}${BILLING}`, 'integration: is not an option'],
    ['no integration', 'integrations: {}', 'integrations: must name at least one integration'],
    ['an empty file', '', 'integrations: is missing'],
    ['a bad name', BILLING.replace('billing:', '"Billing/../x":'), 'integrations.Billing/../x: is not a name'],
    [
      'a variable that is not set',
      BILLING.replace('BILLING_SECRET', 'OTHER'),
      'token.clientSecret: the environment variable OTHER is not set',
    ],
    [
      'a secret file that is not there',
      billing('clientSecret', 'clientSecret: file:nowhere'),
      'integrations.billing.token.clientSecret: the file',
    ],
    ...[
      ['token.headers.x-key', 'headers: { x-key: "file:nowhere" }'],
      ['token.parameters.device', 'parameters: { device: "file:nowhere" }'],
      ['token.parameters.acr.1', 'parameters: { acr: [a, "file:nowhere"] }'],
      ['token.tls.ca', 'tls: { ca: "file:nowhere" }'],
    ].map(([path, line]) => [
      `a file of ${path} that is not there`,
      `${billing('clientId', 'clientId: gateway')}\n      ${line}`,
      `integrations.billing.${path}: the file`,
    ]),
    [
      'a file of the credential that is not there',
      `${BILLING}    credential: file:nowhere`,
      'integrations.billing.credential: the file',
    ],
    [
      'a client without a secret',
      billing('clientSecret', 'scope: a'),
      'integrations.billing.token.clientSecret: is missing',
    ],
    [
      'an upstream that is no URL',
      billing('upstream', 'upstream: billing'),
      'integrations.billing.upstream: must be an https URL',
    ],
    [
      'an upstream in the clear',
      billing('upstream', 'upstream: http://billing.example'),
      'integrations.billing.upstream: must be https',
    ],
    [
      'an upstream with credentials',
      billing('upstream', 'upstream: https://a:b@billing.example'),
      'integrations.billing.upstream: must not hold credentials',
    ],
    [
      'an upstream with a query',
      billing('upstream', 'upstream: https://billing.example/?a=b'),
      'integrations.billing.upstream: must not hold a query',
    ],
    [
      'a caller header that is the credential',
      `${BILLING}    credential: 'X-Auth: {token}'\n    forwardAuthorizationAs: X-AUTH`,
      'integrations.billing.forwardAuthorizationAs: must not be the header of credential',
    ],
    ['a drain that PM2 would cut short', `drainTimeoutMs: 14001${BILLING}`, 'drainTimeoutMs: must be at most 14000'],
    ...['connectMs', 'headersMs', 'bodyMs'].flatMap((name) => [
      [
        `a ${name} that no timer can wait`,
        `${BILLING}    timeouts: { ${name}: 2147483648 }`,
        `integrations.billing.timeouts.${name}: must be at most 2147483647`,
      ],
      [
        `a negative ${name}`,
        `${BILLING}    timeouts: { ${name}: -1 }`,
        `integrations.billing.timeouts.${name}: must be at least`,
      ],
    ]),
    [
      'bodies too long for memory',
      `${BILLING}    retryBodyLimitBytes: 8388609`,
      'integrations.billing.retryBodyLimitBytes: must be at most 8388608',
    ],
    ...[
      'content-type',
      'Set-Cookie',
      'Forwarded',
      'X-Real-IP',
      'Via',
      'proxy',
      'X-Original-URL',
      'x-forwarded-for',
      'X-Request-Id',
      'HTTP2-Settings',
      'Proxy-Status',
      'Content-Length',
      'Host',
      'TE',
      'traceparent',
    ].flatMap((header) => [
      [
        `${header} as the place of the caller's authorization`,
        `${BILLING}    forwardAuthorizationAs: ${header}`,
        'integrations.billing.forwardAuthorizationAs: must not be a header that the gateway sets itself',
      ],
      [
        `${header} as the place of the token`,
        `${BILLING}    credential: '${header}: {token}'`,
        'integrations.billing.credential: must not be a header that the gateway sets itself',
      ],
    ]),
    [
      'the spelling of variables for a header that the gateway sets',
      `${BILLING}    credential: 'X_Request_Id: {token}'`,
      'integrations.billing.credential: must not be a header that the gateway sets itself',
    ],
    ...['Authorization', 'Cookie'].map((header) => [
      `${header} as the place of the caller's authorization`,
      `${BILLING}    forwardAuthorizationAs: ${header}`,
      'integrations.billing.forwardAuthorizationAs: must not be a header that the gateway sets itself',
    ]),
    [
      'two options that name one header in two spellings',
      `${BILLING}    credential: 'X_Auth: {token}'\n    forwardAuthorizationAs: X-AUTH`,
      'integrations.billing.forwardAuthorizationAs: must not be the header of credential',
    ],
    ['a share above 1', `log: { sampleSuccesses: 2 }${BILLING}`, 'log.sampleSuccesses: must be at most 1'],
    ['a share below 0', `log: { sampleSuccesses: -0.1 }${BILLING}`, 'log.sampleSuccesses: must be at least 0'],
    ['a text as a share', `log: { sampleSuccesses: 1% }${BILLING}`, 'log.sampleSuccesses: '],
    ['no time that is slow', `log: { slowMs: 0 }${BILLING}`, 'log.slowMs: must be above 0'],
    ['an unknown option of the log', `log: { level: debug }${BILLING}`, 'log.level: is not an option'],
    ['no limit on requests in flight', `limits: { inFlight: 0 }${BILLING}`, 'limits.inFlight: must be at least 1'],
    [
      'no connection to an upstream',
      `${BILLING}    maxConnections: 0`,
      'integrations.billing.maxConnections: must be at least 1',
    ],
    [
      'connections that are kept for less than no time',
      `${BILLING}    keepAliveMs: -1`,
      'integrations.billing.keepAliveMs: must be at least 0',
    ],
    [
      'connections that are kept for no time whatever the upstream says',
      `${BILLING}    keepAliveMaxMs: 0`,
      'integrations.billing.keepAliveMaxMs: must be at least 1',
    ],
    ['a host with a port', `allowedHosts: ['gateway:3000']${BILLING}`, 'allowedHosts.0: must be the name of a host'],
    ['a colon without a name before it', `: 1${BILLING}`, '"": is not an option'],
    ['a text in place of the sections', '${NOBODY}', 'the file: the environment variable NOBODY is not set'],
    ['an unknown policy field', `policy: { leaseMS: 1 }${BILLING}`, 'policy.leaseMS: is not an option'],
    [
      'an option of the library that is not its policy',
      `policy: { store: x }${BILLING}`,
      'policy.store: is not an option',
    ],
    [
      'a near cache in one integration',
      `${BILLING}    policy: { nearCache: false }`,
      'integrations.billing.policy.nearCache: is not an option',
    ],
    ['a warmUp that is none', `${BILLING}    warmUp: [one]`, 'integrations.billing.warmUp: '],
    [
      'a boot that PM2 does not wait for',
      `policy: { warmUpTimeoutMs: 10001 }${BILLING}`,
      'policy.warmUpTimeoutMs: must be at most 10000',
    ],
    ['a policy that is no mapping', `policy: [leaseMs]${BILLING}`, 'policy: must be a mapping of options'],
    ['access for nobody', `access: { apiKeys: [] }${BILLING}`, 'access: names nobody'],
    ['Redis without an address', `store: redis${BILLING}`, 'store: redis needs REDIS_URL'],
    ['something that is not YAML', 'integrations: [}', 'is not YAML'],
  ])('refuses %s, and names its path', (_, yaml, message) => {
    expect(errorOf(() => load(yaml))).toContain(message);
  });

  it.each([
    'Authorization: Zoho-oauthtoken {token}',
    'Cookie: session={token}',
    'X-Api-Key: {token}',
    'X-Api-Token: {token}',
    'X-Forwarded-Access-Token: {token}',
  ])('takes a header that the gateway leaves to the upstream: %s', (credential) => {
    const config = load(
      `${BILLING}    credential: '${credential}'\n    forwardAuthorizationAs: X-Caller-Authorization`,
    );

    expect(config.integrations.get('billing')).toMatchObject({ credential });
  });

  it.each([
    ['HOST', { HOST: '0.0.0.0' }],
    ['HOST', { HOST: '192.168.0.1' }],
    ['HOST', { HOST: '::' }],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'proxy:3128' }],
    ['HTTPS_PROXY', { https_proxy: 'socks://proxy' }],
    ['PORT', { PORT: 'http' }],
    ['PORT', { PORT: '65536' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'verbose' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'INFO' }],
    ['REDIS_URL', { REDIS_URL: 'localhost:6379' }],
    ['REDIS_URL', { REDIS_URL: 'redis://:100%@localhost' }],
    ['REDIS_URL', { REDIS_URL: 'redis://localhost/tokens' }],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'proxy.example:3128' }],
    ['HTTPS_PROXY', { https_proxy: 'socks5://proxy.example' }],
    ['GATEWAY_CONFIG', { GATEWAY_CONFIG: '' }],
    ['GATEWAY_CONFIG', { GATEWAY_CONFIG: 'nowhere.yaml' }],
  ])('refuses an invalid %s: %j', (name, env) => {
    expect(errorOf(() => load(BILLING, env))).toMatch(new RegExp(`^${name}: `));
  });

  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTP_PROXY: 'http://proxy:3128', NO_PROXY: 'a' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, { url: 'http://proxy:3128', except: '' }],
    [
      { HTTPS_PROXY: 'http://a', https_proxy: 'https://b', NO_PROXY: 'a', no_proxy: '.b' },
      { url: 'https://b', except: '.b' },
    ],
  ])('knows the proxy to https upstreams from %j', (env, outbound) => {
    expect(load(BILLING, env).outbound).toEqual(outbound);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('listens on %s', (host) => {
    expect(() => load(BILLING, { HOST: host })).not.toThrow();
  });

  it.each([
    ['a field of the wrong type', `${billing('clientId', 'clientId: gateway')}\n      scope: { s3cret: s3cret }`],
    ['a line that is not YAML', billing('clientSecret', 'clientSecret: s3cret: s3cret')],
    ['a variable in the wrong place', BILLING.replace('client_credentials', '${BILLING_SECRET}')],
  ])('quotes no secret in the error of %s', (_, yaml) => {
    expect(errorOf(() => load(yaml))).not.toContain('s3cret');
  });
});
