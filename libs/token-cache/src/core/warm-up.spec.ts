import { type Fleet, pass, startFleet } from '../testing/fleet.spec-support.js';
import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('A warm-up', () => {
  let warned: jest.SpyInstance;
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => {
    warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    ({ shared, source, replica, stop } = startFleet());
  });
  afterEach(async () => {
    await stop();
    warned.mockRestore();
  });

  it('has each token there that an integration names, minted once for the fleet', async () => {
    const integrations = {
      billing: { source, warmUp: [{}, { tenant: 'a' }, { tenant: 'a' }] },
      crm: { source, warmUp: true },
      shop: { source },
    };
    const fleet = [replica({ integrations }), replica({ integrations })];
    expect(await Promise.all(fleet.map((tokens) => tokens.warmUp()))).toStrictEqual([[], []]);
    expect(source.calls).toHaveLength(3);
    const network = new FaultyTokenStore(shared);
    expect(await replica({ integrations: { shop: { source } } }, network).warmUp()).toEqual([]);
    expect(network.calls).toEqual([]);
  });

  it('tells which tokens are not there, and why', async () => {
    source.failure = new TokenSourceRejectedError('no');
    expect(await replica({ integrations: { billing: { source, warmUp: true } } }).warmUp()).toEqual([
      { integration: 'billing', code: 'TOKEN_SOURCE_REJECTED' },
    ]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('warns of an error that is none of the library', async () => {
    let isBroken = false;
    const random = (): number => {
      if (isBroken) throw new Error('no entropy');
      return 0;
    };
    const tokens = replica({ integrations: { billing: { source, warmUp: true } }, random });
    isBroken = true;
    expect(await tokens.warmUp()).toEqual([{ integration: 'billing', code: 'TOKEN_WAIT_TIMEOUT' }]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('no entropy'), 'TokenCacheWarning');
  });

  it('is over after warmUpTimeoutMs, and lets the mint go on', async () => {
    const release = source.hold();
    const tokens = replica({ integrations: { billing: { source, warmUp: true } }, warmUpTimeoutMs: 2_000 });
    let cold: unknown;
    void tokens.warmUp().then((missing) => (cold = missing));
    await pass(1_999);
    expect(cold).toBeUndefined();
    await pass(1);
    expect(cold).toEqual([{ integration: 'billing', code: 'TOKEN_WAIT_TIMEOUT' }]);
    expect(warned).not.toHaveBeenCalled();
    release();
    await pass(10);
    expect(await tokens.peek('billing')).toMatchObject({ accessToken: 'fake-token-1' });
  });
});
