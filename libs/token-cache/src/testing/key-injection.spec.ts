import fc from 'fast-check';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenKeys } from '../core/config/token-key.js';
import { resolveIntegrations, resolveOptions } from '../core/config/token-cache.options.js';
import { RedisNames } from '../redis/redis-names.js';
import { FakeTokenSource } from './fake-token-source.js';

const RUNS = { numRuns: 1_000 };
/** Runs of the properties that build an integration each time, which is slow. */
const FEW_RUNS = { numRuns: 150 };

/** Text with a meaning in some syntax: key, hash tag, pattern, list, object, line, C string, path, SQL. */
const MEANINGFUL = [
  '{',
  '}',
  '{}',
  '}{',
  ':',
  '::',
  ':t',
  ':l',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '*',
  '?',
  '[a]',
  '\\',
  '"',
  ',',
  '/',
  '..',
  "';--",
  '__proto__',
  'constructor',
  'undefined',
  'null',
  'é',
  'e\u0301',
  '漢',
  '🔑',
  '\ud800',
];

const part = fc.oneof(fc.constantFrom(...MEANINGFUL), fc.string({ maxLength: 4 }), fc.constantFrom('a', 'b', 'ab'));
const text = fc.oneof(
  { weight: 9, arbitrary: fc.array(part, { maxLength: 4 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: part.map((one) => one.repeat(1_024).slice(0, 1_024)) },
);
const filled = text.filter((one) => one !== '');
const ascii = text.map((one) => one.replace(/[^\x20-\x7e]/g, '')).filter((one) => one !== '');
const some = (field: fc.Arbitrary<string>) => fc.option(field, { nil: undefined });
const list = (field: fc.Arbitrary<string>) =>
  fc.option(fc.oneof(field, fc.array(field, { maxLength: 3 })), { nil: undefined });

const asked = fc.record({
  integration: filled,
  identity: filled,
  request: fc.record({
    scope: list(ascii),
    audience: some(filled),
    resource: list(filled),
    tenant: some(filled),
    subject: some(filled),
  }),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

const { policy } = resolveOptions({ store: new MemoryTokenStore() });

function idOf({ integration, identity, request }: Asked): string {
  const keys = new TokenKeys();
  const integrations = Object.fromEntries([[integration, { source: new FakeTokenSource(identity) }]]);
  for (const one of resolveIntegrations(integrations, policy).values()) keys.add(one);
  return keys.of(integration, request).id;
}

/** Equal for two requests that one token serves: scopes (separated by spaces, RFC 6749) and resources are sets. */
function meaning({
  integration,
  identity,
  request: { scope = [], resource = [], audience, tenant, subject },
}: Asked): string {
  const scopes = [scope]
    .flat()
    .flatMap((one) => one.split(' '))
    .filter(Boolean);
  const sets = [scopes, [resource].flat()].map((items) => [...new Set(items)].sort());
  return JSON.stringify([integration, identity, sets, audience ?? 0, tenant ?? 0, subject ?? 0]);
}

/** The part of a key that Redis Cluster hashes: the text between the first `{` and the next `}`, unless it is empty. */
function hashTag(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

describe('TokenKeys and RedisNames, for names that have a meaning in some syntax,', () => {
  it('give two requests the same key exactly if they mean the same', () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(meaning(one) === meaning(other));
        expect(idOf(one)).toBe(idOf(structuredClone(one)));
      }),
      FEW_RUNS,
    );
  });

  it('give two requests different keys if text moves from one field to another', () => {
    const fields = ['audience', 'tenant', 'subject'] as const;
    fc.assert(
      fc.property(filled, filled, fc.shuffledSubarray([...fields], { minLength: 2 }), (a, b, [first, second]) => {
        const base = { integration: 'shop', identity: 'idp' };
        const empty = {
          scope: undefined,
          audience: undefined,
          resource: undefined,
          tenant: undefined,
          subject: undefined,
        };
        const split = idOf({ ...base, request: { ...empty, [first!]: a, [second!]: b } });
        const joined = idOf({ ...base, request: { ...empty, [first!]: a + b } });
        const swapped = idOf({ ...base, request: { ...empty, [first!]: b, [second!]: a } });
        expect(split).not.toBe(joined);
        expect(split === swapped).toBe(a === b);
      }),
      FEW_RUNS,
    );
  });

  it('make a key of 43 letters, digits, "-" and "_" from any request', () => {
    fc.assert(
      fc.property(asked, (one) => expect(idOf(one)).toMatch(/^[\w-]{43}$/)),
      FEW_RUNS,
    );
  });

  it('keep token and record in one hash slot of a cluster, for any prefix, namespace and key', () => {
    const namespace = filled.filter((one) => !/[{}]/.test(one));
    // Redis Cluster ignores an empty hash tag and then hashes the whole key: such a prefix cannot be supported.
    const prefix = text.filter((one) => !one.includes('{}'));
    fc.assert(
      fc.property(prefix, namespace, text, (before, name, keyId) => {
        const [token, record] = new RedisNames(name).keys(keyId);
        expect(hashTag(before + token)).toBe(hashTag(before + record));
        expect(token).not.toBe(record);
        expect(token.startsWith(`${name}:`) && record.startsWith(`${name}:`)).toBe(true);
      }),
      RUNS,
    );
  });

  it('give two keys of a namespace, and the ping, different places', () => {
    const namespace = filled.filter((one) => !/[{}]/.test(one));
    fc.assert(
      fc.property(namespace, text, text, (name, a, b) => {
        const names = new RedisNames(name);
        const places = [...names.keys(a), ...(a === b ? [] : names.keys(b)), names.ping];
        expect(new Set(places).size).toBe(places.length);
      }),
      RUNS,
    );
  });

  it('give two namespaces different places and channels', () => {
    const namespace = filled.filter((one) => !/[{}]/.test(one));
    fc.assert(
      fc.property(namespace, namespace, text, text, (one, other, a, b) => {
        fc.pre(one !== other);
        const [first, second] = [new RedisNames(one), new RedisNames(other)];
        const places = [...first.keys(a), first.ping, ...second.keys(b), second.ping];
        expect(new Set(places).size).toBe(places.length);
        expect(first.channel).not.toBe(second.channel);
      }),
      RUNS,
    );
  });
});
