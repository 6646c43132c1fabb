import { FakeTokenSource } from '../testing/fake-token-source.js';
import { type Fleet, pass, startFleet } from '../testing/fleet.spec-support.js';
import { type ReconfigureOptions } from './token-client.js';

describe('TokenClient', () => {
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ source, replica, stop } = startFleet()));
  afterEach(() => stop());

  describe('register()', () => {
    it('adds integrations, under the policy of the options', async () => {
      const tokens = replica({ whenStoreUnavailable: 'fail' });
      tokens.register({ crm: { source }, shop: { source, whenStoreUnavailable: 'mint-locally' } });

      expect(tokens.integrations).toEqual(['billing', 'crm', 'shop']);
      expect(['crm', 'shop'].map((name) => tokens.canMintWithoutStore(name))).toEqual([false, true]);
      expect((await tokens.getToken('crm')).accessToken).toBe('fake-token-1');
    });
  });

  describe('reconfigure()', () => {
    it('takes the place of all integrations', async () => {
      const tokens = replica();
      tokens.reconfigure({ integrations: { crm: { source: new FakeTokenSource('crm') } } });

      expect(tokens.integrations).toEqual(['crm']);
      expect((await tokens.getToken('crm')).accessToken).toBe('crm-token-1');
      await expect(tokens.getToken('billing')).rejects.toMatchObject({ code: 'TOKEN_INTEGRATION_UNKNOWN' });
    });

    it('keeps a token whose integration stays under the same identity, and asks the new source for the next one', async () => {
      const tokens = replica();
      const { accessToken } = await tokens.getToken('billing');
      let asked = 0;
      const successor = { identity: source.identity, mint: async () => ({ accessToken: `new-${++asked}` }) };
      tokens.reconfigure({ integrations: { billing: { source: successor } } });

      expect((await tokens.getToken('billing')).accessToken).toBe(accessToken);
      await tokens.purge('billing');
      expect((await tokens.getToken('billing')).accessToken).toBe('new-1');
    });

    it('gives no token of another identity', async () => {
      const tokens = replica();
      await tokens.getToken('billing');
      tokens.reconfigure({ integrations: { billing: { source: new FakeTokenSource('other') } } });

      expect((await tokens.getToken('billing')).accessToken).toBe('other-token-1');
    });

    it('lets a call in flight end as it began, and the token of an integration that is gone be reported', async () => {
      const tokens = replica();
      const release = source.hold();
      const call = tokens.getToken('billing');
      await pass(10);
      tokens.reconfigure({ integrations: {} });
      release();
      await pass(100);

      const token = await call;
      expect(token.accessToken).toBe('fake-token-1');
      await expect(tokens.invalidate(token)).resolves.toBe(true);
    });

    it('takes another policy for all integrations, which win over it', () => {
      const tokens = replica();
      tokens.reconfigure({
        whenStoreUnavailable: 'fail',
        integrations: { billing: { source }, crm: { source, whenStoreUnavailable: 'mint-locally' } },
      });

      expect(tokens.canMintWithoutStore('billing')).toBe(false);
      expect(tokens.canMintWithoutStore('crm')).toBe(true);
    });

    it.each<[string, object]>([
      ['leaseMs', { leaseMs: 0, integrations: {} }],
      ['store', { store: {}, integrations: {} }],
      ['nearCache', { nearCache: false, integrations: {} }],
      ['integrations.crm.source', { integrations: { crm: {} } }],
      ['integrations.crm.leaseMs', { integrations: { crm: { source: new FakeTokenSource(), leaseMs: 0 } } }],
    ])('changes nothing when it is refused for %s', async (field, options) => {
      const tokens = replica();
      expect(() => tokens.reconfigure(options as ReconfigureOptions)).toThrow(
        expect.objectContaining({ code: 'TOKEN_CONFIG_INVALID', field }),
      );

      expect(tokens.integrations).toEqual(['billing']);
      expect((await tokens.getToken('billing')).accessToken).toBe('fake-token-1');
    });
  });
});
