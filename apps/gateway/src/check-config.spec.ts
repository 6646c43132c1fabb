import { basename } from 'node:path';
import { writeFileSync } from 'node:fs';
import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { checkConfig } from './check-config.js';
import { ConfigError } from './config/config.error.js';
import { explainConfig } from './config/line-of.js';

const BILLING = [
  'integrations:',
  '  billing:',
  '    upstream: https://billing.example',
  '    token:',
  '      grant: client_credentials',
  '      issuer: https://idp.example',
  '      clientId: gateway',
  '      clientSecret: s3cret',
];

const KEY = Buffer.alloc(32, 7).toString('base64');

describe('checkConfig', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(() => directory.remove());

  /** What is said of a file with these lines, with `\n` between. */
  async function explained(lines: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const yaml = lines.join('\n');
    const file = `${directory.path}/gateway.yaml`;
    writeFileSync(file, yaml);
    try {
      await checkConfig({ GATEWAY_CONFIG: file, ...env }, directory.path);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return explainConfig(error, basename(file), yaml);
    }
    return 'valid';
  }

  it.each([
    ['SQLite', []],
    ['a Redis that is not there', ['redis: { url: rediss://redis.invalid, tls: true }']],
    ['a cluster that is not there', ['redis: { cluster: [redis.invalid] }']],
    ['a byte order mark and line breaks of another system', ['\ufeffstore: memory\r']],
  ])('finds nothing wrong with %s, and connects to nothing', async (_what, lines) => {
    expect(await explained([...lines, ...BILLING])).toBe('valid');
  });

  it.each([
    ['a field of the schema', ['store: memory', 'drainTimeoutMs: 1s', ...BILLING], 'gateway.yaml:2: drainTimeoutMs: '],
    ['a policy', ['policy:', '  leaseMs: 0', ...BILLING], 'gateway.yaml:2: policy.leaseMs: must be'],
    [
      'the policy of an integration',
      [...BILLING, '    policy:', '      renewOn: [200]'],
      'gateway.yaml:10: integrations.billing.policy.renewOn',
    ],
    [
      'a token section',
      BILLING.map((line) => line.replace('https://idp', 'http://idp')),
      'gateway.yaml:6: integrations.billing.token.issuer: must be https',
    ],
    [
      'a header of the credential',
      [...BILLING, '    credential: "X-Token: a"'],
      'gateway.yaml:9: integrations.billing.credential: must be a header',
    ],
    [
      'the way in which a client authenticates',
      [...BILLING, '      clientAuth: private_key_jwt'],
      'gateway.yaml:9: integrations.billing.token.clientAuth: must be one of client_secret_basic, ',
    ],
    [
      'no key at all',
      ['encryption:', '  keys: []', ...BILLING],
      'gateway.yaml:2: encryption.keys: must name at least one key',
    ],
    [
      'the id of a key',
      ['encryption:', '  keys:', `    - { id: a.b, key: ${KEY} }`, ...BILLING],
      'gateway.yaml:3: encryption.keys.0.id: must be letters, digits, "_" and "-"',
    ],
    [
      'an id that two keys have',
      ['encryption:', '  keys:', `    - { id: a, key: ${KEY} }`, `    - { id: a, key: ${KEY} }`, ...BILLING],
      'gateway.yaml:4: encryption.keys.1.id: must differ from the others',
    ],
    [
      'an item of a list',
      ['redis:', '  cluster:', '    - a.example', '    - b:c:d', ...BILLING],
      'gateway.yaml:4: redis.cluster.1: must be host:port',
    ],
    [
      'a field that is missing, by its section',
      BILLING.filter((line) => !line.includes('clientId')),
      'gateway.yaml:4: integrations.billing.token.clientId: is missing',
    ],
    [
      'a file of a secret',
      ['redis:', '  host: a', '  password: file:nowhere', ...BILLING],
      'gateway.yaml:3: redis.password: the file',
    ],
    [
      'a variable',
      ['redis: { host: a, password: "${NOWHERE}" }', ...BILLING],
      'gateway.yaml:1: redis.password: the environment variable NOWHERE',
    ],
    [
      'a tag that is not known',
      [...BILLING.slice(0, -1), '      clientSecret: !env SECRET'],
      'gateway.yaml: line 8, column 21: is not YAML (TAG_RESOLVE_FAILED): correct',
    ],
    ['a key that is there twice', [...BILLING, 'integrations: {}'], 'is not YAML (DUPLICATE_KEY)'],
    [
      'aliases of aliases',
      [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...['b', 'c', 'd'].map((name, i) => `${name}: &${name} [${`*${'abc'[i]},`.repeat(9)}]`),
        ...BILLING,
      ],
      'gateway.yaml: YAML: has aliases that cannot be resolved, or too many of them: write',
    ],
    [
      'a list that holds itself',
      ['a: &a', '  - 1', '  - *a', ...BILLING],
      'gateway.yaml:3: a.1: is an alias of what it stands in: write',
    ],
    [
      'a mapping that holds itself',
      ['a: &a', '  b: { c: *a }', ...BILLING],
      'gateway.yaml:2: a.b.c: is an alias of what',
    ],
    [
      'a name that every object has',
      [...BILLING, '  __proto__: {}'],
      'gateway.yaml:9: integrations.__proto__: is not a name that can be used: choose',
    ],
    [
      'a section that every object has',
      ['constructor: {}', ...BILLING],
      'gateway.yaml:1: constructor: is not an option',
    ],
    [
      'a variable that every object has',
      BILLING.map((line) => line.replace('s3cret', '${toString}')),
      'the environment variable toString is not set',
    ],
    ...['${NAME:-x}', '${BILLING-SECRET}', '${}'].map((reference): [string, string[], string] => [
      `the form ${reference}`,
      BILLING.map((line) => line.replace('s3cret', () => reference)),
      'gateway.yaml:8: integrations.billing.token.clientSecret: holds "${"',
    ]),
    ['an environment', BILLING, 'PORT: must be a number', { PORT: 's3cret' }],
  ] as [string, string[], string, NodeJS.ProcessEnv?][])(
    'names the field and the line of %s, and no value',
    async (_what, lines, message, env = {}) => {
      const text = await explained(lines, env);

      expect(text).toContain(message);
      expect(text).not.toContain('s3cret');
    },
  );

  it('names every field that is wrong, a line each', async () => {
    const text = await explained(['store: disk', 'limits: { inFlight: 0 }', ...BILLING]);

    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^gateway.yaml:1: store: /),
      expect.stringMatching(/^gateway.yaml:2: limits.inFlight: /),
    ]);
  });
});
