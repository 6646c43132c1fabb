import { FakeTokenSource } from '../testing/fake-token-source.js';
import { DEFAULT_POLICY } from './policy.js';
import { TokenKeys } from './token-key.js';
import { type TokenRequest } from './token-request.js';

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

  it.each([
    ['a subject that is a function', 'subject', { subject: () => 'bob' }],
    ['a subject that is a bigint', 'subject', { subject: 1n }],
    ['an empty resource in a list', 'resource', { resource: ['https://api.example', ''] }],
    ['a scope with a line break', 'scope', { scope: 'a\nb' }],
    ['a scope with a tab', 'scope', { scope: 'a\tb' }],
  ])('refuse %s, although an empty request was asked before', (_, field, request) => {
    keys.of('billing', {});
    expect(() => keys.of('billing', request as object)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field: `request.${field}` }),
    );
  });
});
