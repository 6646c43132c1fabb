import fc from 'fast-check';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenKeys } from '../core/config/token-key.js';
import { resolveIntegrations, resolveOptions } from '../core/config/token-cache.options.js';
import { RedisNames } from '../redis/redis-names.js';
import { FakeTokenSource } from './fake-token-source.js';

const RUNS = { numRuns: 1_000 };
/** Of those that make an integration each time. */
const FEW_RUNS = { numRuns: 150 };

/** What has a meaning somewhere: in a key, a hash tag, a pattern, a list, an object, a line, a C string, a path, SQL. */
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

/** What makes a token another one: scopes and resources are sets, and the scopes of RFC 6749 are separated by spaces. */
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

/** What a cluster hashes of a key: what lies between the first brace and the next that closes, if anything does. */
function hashTag(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

jest.setTimeout(60_000);

describe('Names that mean something to somebody', () => {
  it('never make two different requests share a key, nor one request have two', () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(meaning(one) === meaning(other));
        expect(idOf(one)).toBe(idOf(structuredClone(one)));
      }),
      FEW_RUNS,
    );
  });

  it('never make two requests share a key by moving from one field to the next', () => {
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

  it('never get into the names of the store: a key is 43 letters, digits, "-" and "_"', () => {
    fc.assert(
      fc.property(asked, (one) => expect(idOf(one)).toMatch(/^[\w-]{43}$/)),
      FEW_RUNS,
    );
  });

  it('keep token and lease record in one slot of a cluster, whatever prefix, namespace and key are', () => {
    const namespace = filled.filter((one) => !/[{}]/.test(one));
    // An empty tag is none: whoever begins all names with one has no slots to rely on.
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

  it('never make two keys of a namespace share a place, nor a key take the place of the ping', () => {
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

  it('never let one namespace reach into another', () => {
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
