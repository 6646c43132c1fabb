import { FakeClock } from '../../testing/fake-clock.js';
import { systemClock } from '../contract/clock.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { DEFAULT_NEAR_CACHE, DEFAULT_POLICY } from './policy.js';
import { checkPolicyFields, resolveOptions, type TokenCacheOptions } from './token-cache.options.js';
import { tokenSource } from '../contract/token-source.js';

const source = tokenSource('s', async () => ({ accessToken: 'a' }));
const options = (more: object = {}): TokenCacheOptions => ({ store: new MemoryTokenStore(), ...more });
const integration = (more: object = {}): TokenCacheOptions =>
  options({ integrations: { billing: { source, ...more } } });

const WHOLE_FROM_0 = 'must be a whole number of milliseconds from 0 to 2147483647';
const WHOLE_FROM_1 = 'must be a whole number of milliseconds from 1 to 2147483647';
const WHOLE_FROM_10 = 'must be a whole number of milliseconds from 10 to 2147483647';
const NOT_EMPTY = 'must be a string that is not empty';
const STATUSES = 'must be a list of HTTP statuses from 300 to 599';
const NAME = 'must be a string that is not empty, if given';

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    const config = resolveOptions(integration());
    expect(config.policy).toEqual(DEFAULT_POLICY);
    expect(config.nearCache).toEqual(DEFAULT_NEAR_CACHE);
    expect(config.integrations.get('billing')).toEqual({ name: 'billing', source, policy: DEFAULT_POLICY, warmUp: [] });
    expect(config.warmUpTimeoutMs).toBe(5_000);
    expect(config.clock).toBe(systemClock);
    expect(config.random).toBe(Math.random);
  });

  it('renews on a 401 alone unless told otherwise', () => expect(DEFAULT_POLICY.renewOn).toEqual([401]));

  it('takes no near cache', () => expect(resolveOptions(options({ nearCache: false })).nearCache).toBe(false));

  it('takes every option of the module and of an integration', () => {
    const clock = new FakeClock();
    const named = { ...source, provider: 'https://idp.example', client: 'us' };
    const config = resolveOptions({
      ...integration({ source: named, credential: 'X-Api-Token: {token}', warmUp: true }),
      isGlobal: false,
      clock,
      warmUpTimeoutMs: 7,
      random: () => 0.5,
    } as TokenCacheOptions);
    expect(config.warmUpTimeoutMs).toBe(7);
    expect(config.random()).toBe(0.5);
    expect(config.clock).toBe(clock);
    expect(config.integrations.get('billing')).toMatchObject({
      source: named,
      credential: { header: 'x-api-token', value: '{token}' },
      warmUp: [{}],
    });
  });

  it.each([
    ['false', false, []],
    ['true, for the token of no request', true, [{}]],
    ['a list of requests', [{ tenant: 'a' }, {}], [{ tenant: 'a' }, {}]],
  ])('takes for warmUp %s', (_what, warmUp, requests) => {
    expect(resolveOptions(integration({ warmUp })).integrations.get('billing')?.warmUp).toEqual(requests);
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
    ['options', 'must be an object', () => null],
    ['options', 'must be an object', () => 'x'],
    ['store', 'must be a token store, but has no peek()', () => ({ store: undefined })],
    ['store', 'must be a token store, but has no acquire()', () => ({ store: { peek: () => {} } })],
    ['retries', 'is not an option', () => options({ retries: 3 })],
    ['safetyMarginMs', WHOLE_FROM_0, () => options({ safetyMarginMs: -1 })],
    ['leaseMs', WHOLE_FROM_10, () => options({ leaseMs: '3000' })],
    ['leaseMs', WHOLE_FROM_10, () => options({ leaseMs: NaN })],
    ['mintTimeoutMs', WHOLE_FROM_1, () => options({ mintTimeoutMs: 2 ** 31 })],
    [
      'waitTimeoutMs',
      'must be at least mintTimeoutMs + leaseMs (13000), but is 5000',
      () => options({ waitTimeoutMs: 5_000 }),
    ],
    [
      'waitTimeoutMs',
      'must be at least mintTimeoutMs + leaseMs (17000), but is 15000',
      () => options({ mintTimeoutMs: 14_000 }),
    ],
    ['whenStoreUnavailable', "must be 'mint-locally' or 'fail'", () => options({ whenStoreUnavailable: 'panic' })],
    ['zeroExpiry', "must be 'over' or 'never'", () => options({ zeroExpiry: true })],
    ['maxOpenMints', 'must be a whole number of at least 1', () => options({ maxOpenMints: 0 })],
    ['maxOpenMints', 'must be a whole number of at least 1', () => options({ maxOpenMints: 1.5 })],
    ['warmUpTimeoutMs', WHOLE_FROM_0, () => options({ warmUpTimeoutMs: -1 })],
    [
      'integrations.billing.warmUp',
      'must be true, false, or a list of requests',
      () => integration({ warmUp: { tenant: 'a' } }),
    ],
    [
      'integrations.billing.credential',
      'must be a header with {token} in its value, such as "X-Api-Token: {token}"',
      () => integration({ credential: 'X-Api-Token' }),
    ],
    ['cooldown', 'must be an object', () => options({ cooldown: null })],
    ['cooldown.rejectedMs', WHOLE_FROM_1, () => options({ cooldown: { rejectedMs: 0 } })],
    ['cooldown.transient', 'is not an option', () => options({ cooldown: { transient: 1 } })],
    ['rejection.paceMs', WHOLE_FROM_1, () => options({ rejection: { paceMs: 0 } })],
    [
      'rejection.maxPaceMs',
      'must be at least paceMs (10), but is 9',
      () => options({ rejection: { paceMs: 10, maxPaceMs: 9 } }),
    ],
    ['renewOn', STATUSES, () => options({ renewOn: 401 })],
    ['renewOn', STATUSES, () => options({ renewOn: [401, 299] })],
    ['renewOn', STATUSES, () => options({ renewOn: [600] })],
    ['renewOn', STATUSES, () => options({ renewOn: [401.5] })],
    ['renewOn', STATUSES, () => options({ renewOn: ['401'] })],
    ['nearCache.maxEntries', 'must be a whole number of at least 1', () => options({ nearCache: { maxEntries: 0 } })],
    ['nearCache.maxEntries', 'must be a whole number of at least 1', () => options({ nearCache: { maxEntries: 1.5 } })],
    ['nearCache.maxAgeMs', WHOLE_FROM_0, () => options({ nearCache: { maxAgeMs: -1 } })],
    ['nearCache', 'must be an object', () => options({ nearCache: true })],
    ['nearCache.size', 'is not an option', () => options({ nearCache: { size: 1 } })],
    ['encryption.keys', 'must name at least one key', () => options({ encryption: { keys: [] } })],
    ['integrations', 'has an entry without a name', () => options({ integrations: { '': { source } } })],
    ['integrations.billing', 'must be an object', () => options({ integrations: { billing: 'x' } })],
    ['integrations.billing', 'must be an object', () => options({ integrations: { billing: null } })],
    ['integrations.billing.source', 'must be a token source', () => options({ integrations: { billing: {} } })],
    ['integrations.billing.source.identity', NOT_EMPTY, () => integration({ source: { mint: () => {} } })],
    ['integrations.billing.source.identity', NOT_EMPTY, () => integration({ source: { ...source, identity: '' } })],
    ['integrations.billing.source.provider', NAME, () => integration({ source: { ...source, provider: '' } })],
    ['integrations.billing.source.client', NAME, () => integration({ source: { ...source, client: 7 } })],
    ['integrations.billing.leaseMs', WHOLE_FROM_10, () => integration({ leaseMs: 0 })],
    [
      'integrations.billing.waitTimeoutMs',
      'must be at least mintTimeoutMs + leaseMs (13000), but is 1',
      () => integration({ waitTimeoutMs: 1 }),
    ],
    ['integrations.billing.cooldown.rejectedMs', WHOLE_FROM_1, () => integration({ cooldown: { rejectedMs: -1 } })],
    [
      'integrations.billing.rejection.maxPaceMs',
      'must be at least paceMs (10), but is 9',
      () => integration({ rejection: { paceMs: 10, maxPaceMs: 9 } }),
    ],
    ['integrations.billing.renewOn', STATUSES, () => integration({ renewOn: [200] })],
    ['integrations.billing.safetyMargin', 'is not an option', () => integration({ safetyMargin: 1 })],
  ])('says that %s %s', (field, problem, value) => {
    expect(() => resolveOptions(value() as TokenCacheOptions)).toThrow(
      expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field, message: `${field} ${problem}` }),
    );
  });

  it('takes the least and the most that can be', () => {
    const most = 2 ** 31 - 1;
    const { policy, nearCache } = resolveOptions(
      options({
        safetyMarginMs: 0,
        leaseMs: 10,
        mintTimeoutMs: most - 10,
        waitTimeoutMs: most,
        maxOpenMints: 1,
        rejection: { paceMs: 1, maxPaceMs: 1 },
        renewOn: [300, 599],
        nearCache: { maxEntries: 1, maxAgeMs: 0 },
        isGlobal: true,
      }),
    );
    expect(policy).toMatchObject({ safetyMarginMs: 0, leaseMs: 10, mintTimeoutMs: most - 10, waitTimeoutMs: most });
    expect(policy).toMatchObject({ rejection: { paceMs: 1, maxPaceMs: 1 }, renewOn: [300, 599] });
    expect(policy.maxOpenMints).toBe(1);
    expect(nearCache).toEqual({ maxEntries: 1, maxAgeMs: 0 });
  });
});

describe('checkPolicyFields', () => {
  it('takes the options of the policy as they are', () => {
    const policy = { leaseMs: 20, cooldown: { rejectedMs: 5 } };
    expect(checkPolicyFields(policy)).toBe(policy);
  });

  it.each(['store', 'integrations', 'leaseMS'])('refuses "%s", which is none of them', (field) => {
    expect(() => checkPolicyFields({ [field]: 1 })).toThrow(
      expect.objectContaining({ field, message: `${field} is not an option` }),
    );
  });
});
