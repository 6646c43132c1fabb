import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { type FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, pass, SECOND, silent, startFleet } from '../testing/fleet.spec-support.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';

describe('A store that announces nothing, but tells its version,', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let version: number | undefined;

  beforeEach(() => {
    version = 1;
    ({ shared, source, replica, stop } = startFleet());
  });
  afterEach(() => stop());

  /** Its version rises with each token. */
  function versioned(): FaultyTokenStore {
    const store = silent(shared);
    const { commit } = store;
    return Object.assign(store, {
      version: () => version,
      commit(...args: Parameters<typeof commit>): ReturnType<typeof commit> {
        if (version !== undefined) version++;
        return commit.apply(store, args);
      },
    });
  }

  it('is asked by a process that waits once it has changed, and not before', async () => {
    const release = source.hold();
    const minting = replica({}, versioned()).getToken('billing');
    await pass(10);
    const store = versioned();
    const waiting = replica({}, store).getToken('billing');
    await pass(SECOND / 2);
    store.calls.length = 0;
    await pass(SECOND);
    expect(store.calls).toEqual([]);
    release();
    await pass(100);
    expect((await waiting).accessToken).toBe((await minting).accessToken);
    expect(store.calls).toEqual(['acquire']);
  });

  it('is not asked about the token in hand while it stays the same', async () => {
    const store = versioned();
    const tokens = replica({}, store);
    await tokens.getToken('billing');
    await tokens.getToken('billing');
    store.calls.length = 0;
    await pass(SECOND);
    await tokens.getToken('billing');
    expect(store.calls).toEqual([]);
    version!++;
    await tokens.getToken('billing');
    expect(store.calls).toEqual(['acquire']);
  });

  it('is asked as one without a version while it cannot tell it', async () => {
    version = undefined;
    const store = versioned();
    const tokens = replica({}, store);
    for (let call = 0; call < 3; call++) await tokens.getToken('billing');
    expect(store.calls).toEqual(['acquire', 'commit', 'acquire', 'acquire']);
  });
});
