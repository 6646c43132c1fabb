import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
import { type Fleet, HOUR, pass, rejectionOf, SECOND } from '../testing/fleet.spec-support.js';
import { systemClock } from './contract/clock.js';
import { type Acquired, type Attempt, type Lease } from './contract/token-store.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { PayloadCodec } from './store-client/payload-codec.js';
import { type TokenClient } from './token-client.js';

/** What a process holds when it is asked. */
export type Hand =
  | 'nothing'
  | 'a token that the store has lost'
  | 'a token that was never shared'
  | 'a token that was purged unheard'
  | 'a token that was marked as rejected unheard'
  | 'the token that the caller was refused with'
  | 'a token that is over by the monotonic clock'
  | 'a token that is over by the wall clock alone';

/** What the store says to the question for a token, and to what follows from it. */
export const ANSWERS = [
  'has a newer token',
  'tells to wait',
  'tells of a cool-down',
  'grants a lease',
  'grants a lease, which nothing supersedes then',
  'refuses the connection',
  'is silent',
] as const;

export type Answer = (typeof ANSWERS)[number];

/** A store without events, whose answers lie unread in the socket while the process is stalled. */
class Network extends FaultyTokenStore {
  isStalled = false;
  private readonly unread: (() => void)[] = [];

  override get events(): undefined {
    return undefined;
  }

  override async acquire(keyId: string, attempt: Attempt): Promise<Acquired> {
    const answer = await super.acquire(keyId, attempt);
    if (this.isStalled) await new Promise<void>((resolve) => this.unread.push(resolve));
    return answer;
  }

  /** What the event loop does after its timers. */
  read(): void {
    for (const resolve of this.unread.splice(0)) resolve();
  }
}

/** One process of a fleet, which asks the store on every look-up, and the store as another process leaves it. */
export class Scene {
  readonly network: Network;
  readonly tokens: TokenClient;
  readonly source: FakeTokenSource;
  private readonly codec = new PayloadCodec(new Map());
  private readonly keyId: string;
  private shared: MemoryTokenStore;

  constructor({ replica, shared, source }: Fleet) {
    this.shared = shared;
    this.source = source;
    this.network = new Network(shared);
    const afterInput = (callback: () => void): void => {
      this.network.read();
      setImmediate(callback);
    };
    this.tokens = replica({ nearCache: false, clock: { ...systemClock, afterInput } }, this.network);
    this.keyId = this.tokens['keys'].of('billing').id;
  }

  /** Puts a token in the hand of the process, and gives it. */
  async take(hand: Hand): Promise<Token | undefined> {
    if (hand === 'nothing') return undefined;
    this.network.fault = () => (hand === 'a token that was never shared' ? 'reject' : undefined);
    const token = await this.tokens.getToken('billing');
    this.network.fault = () => undefined;
    await pass(SECOND);
    await this.afterwards[hand]?.(token);
    return token;
  }

  /** Has the store answer so. */
  async prepare(answer: Answer): Promise<void> {
    await this.answers[answer]();
  }

  /** What a caller gets; one that was refused with a token wants another. */
  async ask(refused?: Token): Promise<Token | undefined> {
    if (!refused) return this.tokens.getToken('billing');
    return this.tokens['parts'].supply.replace(this.tokens['keys'].of('billing'), refused);
  }

  /** The lease of another process; whatever is there lives too short for it. */
  async leaseOfAnother(): Promise<Lease> {
    const attempt = { nonce: 'another', leaseMs: 60 * SECOND, minTtlMs: 24 * HOUR };
    const acquired = await this.shared.acquire(this.keyId, attempt);
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    return acquired.lease;
  }

  async commitOfAnother(lease: Lease, accessToken: string, ttlMs: number): Promise<void> {
    const content = { accessToken, tokenType: 'Bearer', expiresAt: Date.now() + ttlMs, refreshWindowMs: 0 };
    await this.shared.commit(this.keyId, lease, this.codec.encode(this.keyId, lease.fence, content), ttlMs);
  }

  /** The token that the store has for the fleet. */
  async sharedToken(): Promise<string | undefined> {
    const { token } = await this.shared.peek(this.keyId);
    return token && this.codec.decode(this.keyId, token.fence, token.payload)?.accessToken;
  }

  private readonly afterwards: Partial<Record<Hand, (token: Token) => unknown>> = {
    'a token that the store has lost': () => this.connect(new MemoryTokenStore()),
    'a token that was purged unheard': async () => {
      await this.shared.purge(this.keyId);
      // A lease of the same ms has a fence above that ms, which no lease of a store without the purge can overtake.
      await pass(1);
    },
    'a token that was marked as rejected unheard': ({ generation }) =>
      this.shared.invalidate(this.keyId, rejectionOf(generation)),
    'a token that is over by the monotonic clock': () => pass(HOUR),
    'a token that is over by the wall clock alone': () => {
      this.connect(new MemoryTokenStore());
      jest.setSystemTime(Date.now() + HOUR);
    },
  };

  private readonly answers: Record<Answer, () => unknown> = {
    'has a newer token': async () => this.commitOfAnother(await this.leaseOfAnother(), 'of-the-fleet', HOUR),
    'tells to wait': () => this.leaseOfAnother(),
    'tells of a cool-down': async () => {
      const error = JSON.stringify({ code: 'TOKEN_SOURCE_REJECTED', message: 'no' });
      await this.shared.fail(this.keyId, await this.leaseOfAnother(), { remainingMs: 60 * SECOND, error });
    },
    'grants a lease': () => {},
    'grants a lease, which nothing supersedes then': () => this.loseLeasesAtCommit(),
    'refuses the connection': () => this.fail('reject'),
    'is silent': () => this.fail('hang'),
  };

  /** Connects the process to another store. */
  private connect(store: MemoryTokenStore): void {
    Object.assign(this.network, { inner: store });
    this.shared = store;
  }

  private fail(fault: StoreFault): void {
    this.network.fault = () => fault;
  }

  /** The commit finds a newer lease than the one that this process is granted in the same ms, which ended without a token. */
  private async loseLeasesAtCommit(): Promise<void> {
    const other = new MemoryTokenStore();
    for (const nonce of ['first', 'second']) {
      const acquired = await other.acquire(this.keyId, { nonce, leaseMs: 60 * SECOND, minTtlMs: 0 });
      if (acquired.outcome === 'lease') await other.fail(this.keyId, acquired.lease);
    }
    this.network.fault = (operation) => {
      if (operation === 'commit') this.connect(other);
      return undefined;
    };
  }
}
