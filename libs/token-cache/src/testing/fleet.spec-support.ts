import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type TokenCacheOptions } from '../core/config/token-cache.options.js';
import { TokenClient } from '../core/token-client.js';
import { DEFAULT_POLICY } from '../core/config/policy.js';
import {
  type Rejection,
  type TokenStore,
  type TokenStoreEvents,
  type TokenStoreListener,
} from '../core/contract/token-store.js';
import { type StoreOperation } from '../core/contract/token-observer.js';
import { FakeTokenSource } from './fake-token-source.js';
import { FaultyTokenStore } from './faulty-token-store.js';

/** Longer than a shutdown waits for mints, and than any reply takes. */
const WIND_DOWN_MS = 60_000;

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;

export const SECOND = 1_000;
/** The life of a token of the fleet. */
export const HOUR = 3_600_000;
/** When it is over: its life but for the safety margin. */
export const HARD_EXPIRY = HOUR - 30 * SECOND;
/** When its refresh window begins, jitter being 0. */
export const REFRESH_AT = HARD_EXPIRY - 300 * SECOND;

/** Processes that share one store and one source, in virtual time. */
export interface Fleet {
  readonly shared: MemoryTokenStore;
  readonly source: FakeTokenSource;
  /** One more process, with the integration `billing` and without jitter. */
  replica(options?: Partial<TokenCacheOptions>, store?: TokenStore): TokenClient;
  /** Shuts all processes down and restores the real timers. */
  stop(): Promise<void>;
}

/** Starts a fleet in virtual time (Jest's fake timers). Call its `stop` after each test. */
export function startFleet(): Fleet {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  const shared = new MemoryTokenStore();
  const source = new FakeTokenSource();
  const open: TokenClient[] = [];
  return {
    shared,
    source,
    replica(options = {}, store = shared) {
      const tokens = new TokenClient({
        store,
        integrations: { billing: { source } },
        random: () => 0,
        ...options,
      });
      open.push(tokens);
      return tokens;
    },
    async stop() {
      source.hold()();
      const closing = Promise.all(open.map((tokens) => tokens.close()));
      await pass(WIND_DOWN_MS);
      await closing;
      jest.useRealTimers();
    },
  };
}

/** Moves virtual time forward and runs what is due. */
export function pass(ms: number): Promise<void> {
  return jest.advanceTimersByTimeAsync(ms);
}

/** The access token of `billing` that a process gives. */
export async function accessToken(tokens: TokenClient): Promise<string> {
  return (await tokens.getToken('billing')).accessToken;
}

/** Asks a process for its token `times` times, every `ms`. */
export async function callEvery(ms: number, times: number, tokens: TokenClient): Promise<void> {
  for (let call = 0; call < times; call++) {
    await settled(tokens.getToken('billing'));
    await pass(ms);
  }
}

/** The rejection of a token of that generation, at the default pace. */
export function rejectionOf(generation: number): Rejection {
  return { generation, ...DEFAULT_POLICY.rejection, isContested: false };
}

/** The result of a promise. Its rejection counts as handled from now on. */
export function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return Promise.allSettled([promise]).then(([result]) => result);
}

/** A store without an event channel. */
export function silent(inner: TokenStore): FaultyTokenStore {
  return new SilentTokenStore(inner);
}

class SilentTokenStore extends FaultyTokenStore {
  override get events(): undefined {
    return undefined;
  }
}

/** A store whose event channel the test opens and closes; it is closed at first. */
export function channelled(inner: MemoryTokenStore): ChannelledTokenStore {
  return new ChannelledTokenStore(inner);
}

export class ChannelledTokenStore extends FaultyTokenStore {
  readonly #listeners = new Set<TokenStoreListener>();
  #isUp = false;

  constructor(inner: MemoryTokenStore) {
    super(inner);
    inner.events.subscribe({
      event: (event) => this.#isUp && this.#listeners.forEach((listener) => listener.event(event)),
      up: () => {},
      down: () => {},
    });
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  override get events(): TokenStoreEvents {
    return {
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  up(): void {
    this.#isUp = true;
    this.#listeners.forEach((listener) => listener.up());
  }

  down(): void {
    this.#isUp = false;
    this.#listeners.forEach((listener) => listener.down());
  }
}

/** A store whose events arrive `ms` late. */
export function tardy(inner: MemoryTokenStore, ms: number): FaultyTokenStore {
  const store = new FaultyTokenStore(inner);
  const subscribe: TokenStoreEvents['subscribe'] = (listener) =>
    inner.events.subscribe({
      event: (event) => void setTimeout(() => listener.event(event), ms),
      up: () => listener.up(),
      down: () => {},
    });
  return Object.defineProperty(store, 'events', { value: { subscribe } });
}

export type Delays = Partial<Record<StoreOperation, number>>;

/** The same store with slow requests and replies; delays are in ms, by operation. */
export function slow(
  inner: TokenStore,
  { requests = {}, replies = {} }: { requests?: Delays; replies?: Delays },
): TokenStore {
  return new Proxy(inner, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        await delay(requests[name as StoreOperation]);
        const answer: unknown = await Reflect.apply(method, target, args);
        await delay(replies[name as StoreOperation]);
        return answer;
      };
    },
  });
}

async function delay(ms = 0): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
