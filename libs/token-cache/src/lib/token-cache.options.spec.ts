import { MemoryTokenStore } from './memory-token-store.js';
import { DEFAULT_NEAR_CACHE, DEFAULT_POLICY } from './policy.js';
import { resolveOptions, type TokenCacheOptions } from './token-cache.options.js';
import { tokenSource } from './token-source.js';

const source = tokenSource('s', async () => ({ accessToken: 'a' }));
const options = (more: object = {}): TokenCacheOptions => ({ store: new MemoryTokenStore(), ...more });
const integration = (more: object = {}): TokenCacheOptions =>
  options({ integrations: { billing: { source, ...more } } });

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    const config = resolveOptions(integration());
    expect(config.policy).toEqual(DEFAULT_POLICY);
    expect(config.nearCache).toEqual(DEFAULT_NEAR_CACHE);
    expect(config.integrations.get('billing')).toEqual({ name: 'billing', source, policy: DEFAULT_POLICY });
  });

  it('lets the integration win over the module, field by field', () => {
    const { integrations } = resolveOptions({
      ...integration({ leaseMs: 1_000, cooldown: { rejectedMs: 5 } }),
      leaseMs: 2_000,
      storeTimeoutMs: 100,
      cooldown: { transientMs: 7 },
    });
    expect(integrations.get('billing')!.policy).toEqual({
      ...DEFAULT_POLICY,
      leaseMs: 1_000,
      storeTimeoutMs: 100,
      cooldown: { ...DEFAULT_POLICY.cooldown, transientMs: 7, rejectedMs: 5 },
    });
  });

  it.each([
    ['store', { store: undefined }],
    ['store', { store: { acquire: () => {} } }],
    ['retries', options({ retries: 3 })],
    ['safetyMarginMs', options({ safetyMarginMs: -1 })],
    ['leaseMs', options({ leaseMs: '3000' })],
    ['leaseMs', options({ leaseMs: NaN })],
    ['mintTimeoutMs', options({ mintTimeoutMs: 2 ** 31 })],
    ['waitTimeoutMs', options({ waitTimeoutMs: 5_000 })],
    ['waitTimeoutMs', options({ mintTimeoutMs: 14_000 })],
    ['whenStoreUnavailable', options({ whenStoreUnavailable: 'panic' })],
    ['cooldown.rejectedMs', options({ cooldown: { rejectedMs: 0 } })],
    ['cooldown.transient', options({ cooldown: { transient: 1 } })],
    ['nearCache.maxEntries', options({ nearCache: { maxEntries: 0 } })],
    ['nearCache.maxAgeMs', options({ nearCache: { maxAgeMs: -1 } })],
    ['nearCache', options({ nearCache: true })],
    ['nearCache.size', options({ nearCache: { size: 1 } })],
    ['encryption.keys', options({ encryption: { keys: [] } })],
    ['integrations', options({ integrations: { '': { source } } })],
    ['integrations.billing', options({ integrations: { billing: 'x' } })],
    ['integrations.billing.source', options({ integrations: { billing: {} } })],
    ['integrations.billing.source.identity', options({ integrations: { billing: { source: { mint: () => {} } } } })],
    ['integrations.billing.leaseMs', integration({ leaseMs: 0 })],
    ['integrations.billing.waitTimeoutMs', integration({ waitTimeoutMs: 1 })],
    ['integrations.billing.cooldown.rejectedMs', integration({ cooldown: { rejectedMs: -1 } })],
    ['integrations.billing.safetyMargin', integration({ safetyMargin: 1 })],
  ])('names %s when it cannot be', (field, value) => {
    expect(() => resolveOptions(value as TokenCacheOptions)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field, message: expect.stringContaining(field) }),
    );
  });
});
