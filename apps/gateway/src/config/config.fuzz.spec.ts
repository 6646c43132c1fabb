import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { makeKey } from '../access/make-key.js';
import { checkConfig } from '../check-config.js';
import { ConfigError } from './config.error.js';

const BOUNDS = { numRuns: 300, interruptAfterTimeLimit: 10_000 };

const TOKEN = {
  ...{ grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'c', clientSecret: 'file:secret' },
  ...{
    scope: ['a', 'b'],
    parameters: { key: ['a', 'file:secret'] },
    headers: { 'X-Key': 'k' },
    tls: { serverName: 'i' },
  },
};
const VALID = {
  store: 'memory',
  integrations: {
    billing: {
      ...{ upstream: 'https://billing.example/api', token: TOKEN, credential: 'X-Auth: {token}', warmUp: false },
      ...{ policy: { leaseMs: 3_000, cooldown: { rejectedMs: 1 } }, maxConnections: 9, limits: { concurrency: 3 } },
      ...{ timeouts: { headersMs: 5 }, keepAliveMs: 0, forwardCookies: true, forwardAuthorizationAs: 'X-Caller' },
    },
    crm: { upstream: 'http://127.0.0.1:1', token: { ...TOKEN, clientSecret: '${SECRET}' } },
  },
  policy: { nearCache: { maxEntries: 5 }, renewOn: [401, 403] },
  allowedHosts: ['gateway.example'],
  listen: { host: '127.0.0.1', port: 3000, hosts: ['a.example'] },
  operations: { port: 3001 },
  access: {
    apiKeys: [{ id: 'shop', sha256: [makeKey().sha256], integrations: ['billing'], methods: ['GET'], paths: ['/v1'] }],
    jwt: [{ issuer: 'https://idp.example', audience: ['a'], claims: { scope: 'b' }, integrations: ['*'] }],
  },
  encryption: { keys: [{ id: 'k1', key: Buffer.alloc(32, 7).toString('base64') }] },
  limits: { connections: 5, requestsPerSecond: 3 },
  drainTimeoutMs: 5,
};

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'repeat';
  readonly name: string;
  readonly value: unknown;
}

const oddText = fc.constantFrom(
  ...[
    '',
    ' ',
    '*',
    '__proto__',
    'constructor',
    'file:',
    'file:..',
    'file:/dev/zero',
    'file:secret\0',
    '${SECRET}',
    '${X}',
  ],
  ...[
    'http://',
    'https://[',
    'https://a:b@c',
    'https://a?b',
    '{tenant}',
    '\r\n',
    '\ud800',
    'redis',
    'x: {token}',
    '()',
  ],
);
const value = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(-1, 0, 0.5, 2 ** 31, 2 ** 53, 1e308, null, true, [], {}, [[]], [null]),
);
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add', 'repeat'),
  name: fc.oneof(
    oddText,
    fc.constantFrom(...Object.keys(VALID), ...Object.keys(TOKEN), 'redis', 'sqlite'),
    fc.string(),
  ),
  value,
});

type Node = Record<string, unknown>;

/** Every mapping and list within a value. */
function* nodesOf(root: unknown): Generator<Node> {
  if (typeof root !== 'object' || root === null) return;
  yield root as Node;
  for (const child of Object.values(root)) yield* nodesOf(child);
}

function changed(root: object, { at, how, name, value }: Change): object {
  const copy = structuredClone(root);
  const places = [...nodesOf(copy)].flatMap((node) => Object.keys(node).map((key) => [node, key] as const));
  const place = places[at % places.length];
  if (!place) return copy;
  const [node, key] = place;
  if (how === 'replace') node[key] = value;
  else if (how === 'remove') delete node[key];
  else if (how === 'add') Object.defineProperty(node, name, { value, enumerable: true, configurable: true });
  else node[key] = [node[key], node[key]];
  return copy;
}

describe('A configuration that is changed at random', () => {
  let directory: TemporaryDirectory;

  beforeAll(() => {
    directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'secret'), 's3cret');
  });
  afterAll(() => directory.remove());

  async function isJudged(text: string): Promise<void> {
    writeFileSync(join(directory.path, 'gateway.yaml'), text);
    try {
      await checkConfig({ GATEWAY_CONFIG: 'gateway.yaml', SECRET: 's3cret' }, directory.path);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.problems.length).toBeGreaterThan(0);
      for (const { path, problem } of error.problems) {
        expect(path).not.toBe('');
        expect(problem).not.toBe('');
      }
      expect(error.message).not.toContain('s3cret');
    }
  }

  it('is valid before that', async () => {
    await checkConfig(
      { GATEWAY_CONFIG: (writeFileSync(join(directory.path, 'v.yaml'), JSON.stringify(VALID)), 'v.yaml'), SECRET: 's' },
      directory.path,
    );
  });

  it('is taken, or refused by the name of a field, whatever value or key is another one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) =>
        isJudged(JSON.stringify(changes.reduce(changed, VALID))),
      ),
      BOUNDS,
    );
  });

  it('is taken, or refused by the name of a field or a line, whatever character is another one', async () => {
    const text = JSON.stringify(VALID, undefined, 2);
    const piece = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('&a', '*a', '<<: *a', '!!js/undefined', '\t', '%', '---\n'),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(20), piece, (at, cut, inserted) =>
        isJudged(text.slice(0, at) + inserted + text.slice(at + cut)),
      ),
      BOUNDS,
    );
  });
});
