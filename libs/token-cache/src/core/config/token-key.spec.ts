import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { DEFAULT_POLICY } from './policy.js';
import { REQUEST_FIELDS } from './remembered-keys.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';
import { TokenKeys } from './token-key.js';
import { type TokenRequest } from '../contract/token-request.js';

/** A request whose fields are no properties of its own. */
class CurrentTenant implements TokenRequest {
  readonly #tenant: string;

  constructor(tenant: string) {
    this.#tenant = tenant;
  }

  get tenant(): string {
    return this.#tenant;
  }
}

describe('TokenKeys', () => {
  let keys: TokenKeys;

  beforeEach(() => {
    keys = new TokenKeys();
    keys.add({ name: 'billing', source: new FakeTokenSource(), policy: DEFAULT_POLICY });
  });

  it('keep tenants apart that come from getters', () => {
    const [a, b] = [new CurrentTenant('a'), new CurrentTenant('b')].map((request) => keys.of('billing', request));
    expect(a!.request).toEqual({ tenant: 'a' });
    expect(b!.request).toEqual({ tenant: 'b' });
    expect(a!.id).not.toBe(b!.id);
  });

  it('ask the source once per distinct request whether it can serve it, and name the integration if not', () => {
    const asked: TokenRequest[] = [];
    const source = Object.assign(new FakeTokenSource(), {
      check(request: TokenRequest): void {
        asked.push(request);
        if (request.tenant) throw new TokenConfigError('request.tenant', 'is not used');
      },
    });
    keys.add({ name: 'graph', source, policy: DEFAULT_POLICY });
    for (let call = 0; call < 2; call++) expect(keys.of('graph', { scope: 'a' }).integration.name).toBe('graph');
    expect(() => keys.of('graph', { tenant: 'b' })).toThrow(
      expect.objectContaining({ field: 'request.tenant', message: 'request.tenant is not used ("graph")' }),
    );
    expect(asked).toMatchObject([{ scope: 'a' }, { tenant: 'b' }]);
  });

  it.each([
    ['null', 'request', 'must be an object', null],
    ['a text', 'request', 'must be an object', 'scope'],
    ['a field that nobody knows', 'request.scopes', 'is not known', { scopes: 'a' }],
    ['a subject that is a function', 'request.subject', 'must be a string', { subject: () => 'bob' }],
    ['a subject that is a bigint', 'request.subject', 'must be a string', { subject: 1n }],
    ['an audience that is a list', 'request.audience', 'must be a string', { audience: ['a'] }],
    ['a list that is not of texts alone', 'request.resource', 'must be a string', { resource: ['https://a', 7] }],
    ['an empty tenant', 'request.tenant', 'must not be empty', { tenant: '' }],
    ['an empty resource in a list', 'request.resource', 'must not be empty', { resource: ['https://a', ''] }],
    ['a scope with a line break', 'request.scope', 'must be visible ASCII', { scope: 'a\nb' }],
    ['a scope with a tab', 'request.scope', 'must be visible ASCII', { scope: ['a', 'a\tb'] }],
  ])('refuse %s, although an empty request was asked before', (_, field, problem, request) => {
    keys.of('billing', {});
    expect(() => keys.of('billing', request as object)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field, message: `${field} ${problem}` }),
    );
  });

  it('take texts and lists that anybody may need', () => {
    const request = { scope: ['write', 'read write', ''], resource: ['https://b', 'https://a'], audience: 'größe' };
    expect(keys.of('billing', request).request).toStrictEqual({
      scope: ['read', 'write'],
      resource: ['https://a', 'https://b'],
      audience: 'größe',
    });
    expect(keys.of('billing', { resource: 'https://a', tenant: 'one', subject: 'bob' }).request).toStrictEqual({
      resource: ['https://a'],
      tenant: 'one',
      subject: 'bob',
    });
    expect(keys.of('billing', { scope: '' }).request).toStrictEqual({});
  });

  it('are one for requests that differ in order and repetition alone, and another for each that asks for more', () => {
    const idOf = (request: TokenRequest) => keys.of('billing', request).id;
    expect(idOf({ scope: 'b a b' })).toBe(idOf({ scope: ['a', 'b'] }));
    expect(idOf({ resource: ['https://a'] })).toBe(idOf({ resource: 'https://a' }));
    const requests = [{}, { scope: 'a' }, { resource: 'a' }, { audience: 'a' }, { tenant: 'a' }, { subject: 'a' }];
    expect(new Set(requests.map(idOf)).size).toBe(requests.length);
  });

  it.each<[string, TokenRequest]>([
    ['none', {}],
    ['one that is a text', { tenant: 'a' }],
    ['one that is a list', { scope: ['a', 'b'] }],
    ['another that is a list', { resource: ['https://a', 'https://b'] }],
    ['several', { tenant: 'a', subject: 'bob' }],
  ])('are computed once for a request with fields: %s', (_, request) => {
    expect(keys.of('billing', { ...request })).toBe(keys.of('billing', { ...request }));
  });

  it.each(REQUEST_FIELDS)('are found by a single text, the %s, without making a text of the request', (field) => {
    const found = () => ['a', 'b'].map((text) => keys.of('billing', { [field]: text }));
    const first = found();
    const stringify = jest.spyOn(JSON, 'stringify');
    expect(found()).toEqual(first);
    expect(stringify).not.toHaveBeenCalled();
    stringify.mockRestore();
  });

  it.each(REQUEST_FIELDS.filter((field) => field !== 'tenant'))(
    'are another when %s stands beside a text whose key is remembered',
    (field) => {
      const ofTenant = keys.of('billing', { tenant: 'a' });
      expect(keys.of('billing', { tenant: 'a', [field]: 'b' }).id).not.toBe(ofTenant.id);
      expect(keys.of('billing', { tenant: 'a', [field]: 'c' }).id).not.toBe(
        keys.of('billing', { tenant: 'a', [field]: 'b' }).id,
      );
    },
  );

  it('refuse a field that is null beside a text whose key is remembered', () => {
    keys.of('billing', { tenant: 'a' });
    const request = { tenant: 'a', subject: null } as object;
    expect(() => keys.of('billing', request)).toThrow(expect.objectContaining({ field: 'request.subject' }));
  });

  it('are remembered for as many requests as there may be tokens in the near cache, and hashed again only beyond that', () => {
    const remembering = new TokenKeys(20_000);
    remembering.add({ name: 'billing', source: new FakeTokenSource(), policy: DEFAULT_POLICY });
    const keysOfTenants = () =>
      Array.from({ length: 20_000 }, (_, index) => remembering.of('billing', { tenant: String(index) }));
    const first = keysOfTenants();
    expect(keysOfTenants().every((key, index) => key === first[index])).toBe(true);
    remembering.of('billing', { tenant: 'one too many' });
    expect(remembering.of('billing', { tenant: '0' })).not.toBe(first[0]);
  });

  it('are none to be warmed up, unless an integration names some, each once', () => {
    expect(keys.toWarmUp).toEqual([]);
    const warmUp = [{ tenant: 'a' }, { tenant: 'b' }, { tenant: 'a' }];
    keys.add({ name: 'crm', source: new FakeTokenSource(), policy: DEFAULT_POLICY, warmUp });
    expect(keys.toWarmUp).toEqual([keys.of('crm', { tenant: 'a' }), keys.of('crm', { tenant: 'b' })]);
  });

  describe('refuse an integration with a request to warm up', () => {
    const failing = (error: Error): FakeTokenSource =>
      Object.assign(new FakeTokenSource(), {
        check() {
          throw error;
        },
      });
    const add = (warmUp: unknown[], source = new FakeTokenSource()): void =>
      keys.add({ name: 'crm', source, policy: DEFAULT_POLICY, warmUp: warmUp as TokenRequest[] });

    it.each([
      ['that is none', [{}, null], 'integrations.crm.warmUp.1', 'must be an object'],
      ['with a field that is not known', [{ tenants: 'a' }], 'integrations.crm.warmUp.0.tenants', 'is not known'],
    ])('%s, whose field it names', (_what, warmUp, field, problem) => {
      expect(() => add(warmUp)).toThrow(expect.objectContaining({ field, message: `${field} ${problem}` }));
      expect(keys.integrations).toEqual(['billing']);
    });

    it('that the source refuses by a name of its own, which stays', () => {
      const error = new TokenConfigError('oauth.request.tenant', 'is not used');
      expect(() => add([{ tenant: 'a' }], failing(error))).toThrow(
        expect.objectContaining({ field: 'oauth.request.tenant' }),
      );
    });

    it('over which the source falls, with its error', () => {
      const error = new Error('odd');
      expect(() => add([{ tenant: 'a' }], failing(error))).toThrow(error);
      expect(keys.integrations).toEqual(['billing']);
    });
  });

  it('refuse an integration that is configured twice', () => {
    expect(() => keys.add({ name: 'billing', source: new FakeTokenSource(), policy: DEFAULT_POLICY })).toThrow(
      expect.objectContaining({ message: 'integrations.billing is configured twice' }),
    );
  });

  it('say which integrations there are when one is asked for that is not', () => {
    expect(() => new TokenKeys().of('crm')).toThrow('No integration is called "crm"; known are: none');
    keys.add({ name: 'shop', source: new FakeTokenSource(), policy: DEFAULT_POLICY });
    expect(() => keys.of('crm')).toThrow('No integration is called "crm"; known are: billing, shop');
  });
});
