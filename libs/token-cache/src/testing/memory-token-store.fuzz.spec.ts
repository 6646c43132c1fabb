import { type Clock, systemClock } from '../core/contract/clock.js';
import { keyIdIn } from '../core/contract/key-group.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { fuzz, fuzzTimeoutMs } from './model/fuzz.spec-support.js';
import { type StoreSystem } from './model/store-system.spec-support.js';

const HISTORIES = 300;

/** A single process: a memory store is not shared. */
function system(): StoreSystem {
  // Far from 0, so that a clock that steps back stays positive.
  const time = { ms: 1e9 };
  const clock: Clock = { ...systemClock, monotonic: () => time.ms };
  const store = new MemoryTokenStore({ clock });
  return {
    keyId: keyIdIn('fuzzed-group', 'key'),
    group: 'fuzzed-group',
    processes: [store],
    async moveClock(ms) {
      time.ms += ms;
    },
    lose: () => Promise.reject(new Error('a memory store cannot lose a part of a key')),
    async isKeptAfter(ms) {
      time.ms += ms;
      const others = ['a', 'b', 'c', 'd'].map((name) => `other ${name} ${time.ms}`);
      const sizeBefore = store.size;
      for (const other of others) await store.purge(other);
      return store.size === sizeBefore + others.length;
    },
    dispose: () => store.close(),
  };
}

describe('MemoryTokenStore', () => {
  it(
    'gives the answers of the specification to every random history, with a clock that steps forward and back',
    async () => {
      const { histories, commands } = await fuzz(system, HISTORIES, { losses: [] });
      expect(commands).toBeGreaterThan(histories);
    },
    fuzzTimeoutMs(HISTORIES),
  );
});
