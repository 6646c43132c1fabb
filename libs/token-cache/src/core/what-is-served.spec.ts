import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore, type StoreFault } from '../testing/faulty-token-store.js';
import { type Fleet, HOUR, pass, rejectionOf, SECOND, settled, startFleet } from '../testing/fleet.spec-support.js';
import { systemClock } from './contract/clock.js';
import { type Acquired, type Attempt } from './contract/token-store.js';
import { type Token } from './contract/token.js';
import { MemoryTokenStore } from './slot/memory-token-store.js';
import { PayloadCodec } from './store-client/payload-codec.js';
import { type TokenClient } from './token-client.js';

const STORE_TIMEOUT_MS = 500;

/** What a process holds when it is asked. */
type Hand =
  | 'nothing'
  | 'a token that the store has lost'
  | 'a token that was never shared'
  | 'a token that was purged unheard'
  | 'a token that was marked as rejected unheard'
  | 'the token that the caller was refused with'
  | 'a token that is over by the monotonic clock'
  | 'a token that is over by the wall clock alone';

/** What the store says to the question for a token, and to what follows from it. */
type Answer =
  | 'has a newer token'
  | 'tells to wait'
  | 'tells of a cool-down'
  | 'grants a lease'
  | 'grants a lease, which nothing supersedes then'
  | 'refuses the connection'
  | 'is silent';

/** What a caller gets at once, or within one call of the store that is not answered. */
const SERVED = {
  hand: 'the token in hand',
  store: 'the token of the store',
  mint: 'a new token',
  wait: 'nothing until the other process is done',
  error: 'the error of the source',
  none: 'no other token',
};

/** What the store is told by this call, or behind its back. */
const TOLD = { '-': 'nothing', commit: 'the token under the lease', offer: 'the token without a lease' };

type Outcome = `${keyof typeof SERVED}: ${keyof typeof TOLD}`;

const ANSWERS = [
  'has a newer token',
  'tells to wait',
  'tells of a cool-down',
  'grants a lease',
  'grants a lease, which nothing supersedes then',
  'refuses the connection',
  'is silent',
] as const satisfies Answer[];

/** In the order of the answers. */
// prettier-ignore
const OUTCOMES: Record<Hand, readonly Outcome[]> = {
  //                                               newer token  wait           cool-down      lease           superseded      no connection  silence
  'nothing':                                      ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit', 'mint: -',     'mint: -'],
  'a token that the store has lost':              ['store: -', 'hand: offer', 'hand: offer', 'hand: commit', 'hand: commit', 'hand: -',     'hand: -'],
  'a token that was never shared':                ['hand: -',  'hand: offer', 'hand: offer', 'hand: commit', 'hand: commit', 'hand: -',     'hand: -'],
  'a token that was purged unheard':              ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit', 'hand: -',     'hand: -'],
  'a token that was marked as rejected unheard':  ['store: -', 'wait: -',     'hand: -',     'mint: commit', 'mint: commit', 'hand: -',     'hand: -'],
  'the token that the caller was refused with':   ['store: -', 'wait: -',     'none: -',     'mint: commit', 'mint: commit', 'mint: -',     'mint: -'],
  'a token that is over by the monotonic clock':  ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit', 'mint: -',     'mint: -'],
  'a token that is over by the wall clock alone': ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit', 'mint: -',     'mint: -'],
};

const HANDS = Object.keys(OUTCOMES) as Hand[];
const CELLS = HANDS.flatMap((hand) =>
  ANSWERS.map((answer, column): [Hand, Answer, string] => [hand, answer, inWords(OUTCOMES[hand][column]!)]),
);
const ANSWERED: Answer[] = ['has a newer token', 'tells to wait', 'tells of a cool-down', 'grants a lease'];
/** A token that the store never had is given without a question. */
const ASKED = CELLS.filter(([hand, answer]) => hand !== 'a token that was never shared' && ANSWERED.includes(answer));

function inWords(outcome: Outcome): string {
  const [served, told] = outcome.split(': ') as [keyof typeof SERVED, keyof typeof TOLD];
  return `${SERVED[served]}; the store is told ${TOLD[told]}`;
}

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

describe('What is served', () => {
  const codec = new PayloadCodec(new Map());
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let stop: Fleet['stop'];
  let network: Network;
  let tokens: TokenClient;
  let keyId: string;

  beforeEach(() => {
    let replica: Fleet['replica'];
    ({ shared, source, replica, stop } = startFleet());
    network = new Network(shared);
    const afterInput = (callback: () => void): void => {
      network.read();
      setImmediate(callback);
    };
    tokens = replica({ nearCache: false, clock: { ...systemClock, afterInput } }, network);
    keyId = tokens['keys'].of('billing').id;
  });
  afterEach(() => stop());

  /** Connects the process to another store. */
  function connect(store: MemoryTokenStore): void {
    Object.assign(network, { inner: store });
    shared = store;
  }

  /** The lease of another process; whatever is there lives too short for it. */
  async function leaseOfAnother(): Promise<Extract<Acquired, { outcome: 'lease' }>['lease']> {
    const acquired = await shared.acquire(keyId, { nonce: 'another', leaseMs: 60 * SECOND, minTtlMs: 24 * HOUR });
    if (acquired.outcome !== 'lease') throw new Error(acquired.outcome);
    return acquired.lease;
  }

  async function storeOfAnother(accessToken: string, ttlMs: number): Promise<void> {
    const lease = await leaseOfAnother();
    const content = { accessToken, tokenType: 'Bearer', expiresAt: Date.now() + ttlMs, refreshWindowMs: 0 };
    await shared.commit(keyId, lease, codec.encode(keyId, lease.fence, content), ttlMs);
  }

  async function minted(): Promise<Token> {
    const token = await tokens.getToken('billing');
    await pass(SECOND);
    return token;
  }

  const take: Record<Hand, () => Promise<Token | undefined>> = {
    nothing: async () => undefined,
    'a token that the store has lost': async () => {
      const token = await minted();
      connect(new MemoryTokenStore());
      return token;
    },
    'a token that was never shared': async () => {
      network.fault = () => 'reject';
      const token = await minted();
      network.fault = () => undefined;
      return token;
    },
    'a token that was purged unheard': async () => {
      const token = await minted();
      await shared.purge(keyId);
      return token;
    },
    'a token that was marked as rejected unheard': async () => {
      const token = await minted();
      await shared.invalidate(keyId, rejectionOf(token.generation));
      return token;
    },
    'the token that the caller was refused with': minted,
    'a token that is over by the monotonic clock': async () => {
      const token = await minted();
      await pass(HOUR);
      return token;
    },
    'a token that is over by the wall clock alone': async () => {
      const token = await minted();
      connect(new MemoryTokenStore());
      jest.setSystemTime(Date.now() + HOUR);
      return token;
    },
  };

  const failing = (fault: StoreFault) => async (): Promise<void> => {
    network.fault = () => fault;
  };

  const prepare: Record<Answer, () => Promise<void>> = {
    'has a newer token': () => storeOfAnother('of-the-fleet', HOUR),
    'tells to wait': async () => void (await leaseOfAnother()),
    'tells of a cool-down': async () => {
      const error = JSON.stringify({ code: 'TOKEN_SOURCE_REJECTED', message: 'no' });
      await shared.fail(keyId, await leaseOfAnother(), { remainingMs: 60 * SECOND, error });
    },
    'grants a lease': async () => {},
    'grants a lease, which nothing supersedes then': async () => {
      const other = new MemoryTokenStore();
      network.fault = (operation) => {
        if (operation === 'commit') connect(other);
        return undefined;
      };
      // A newer lease than the one that this process is granted in the same ms, which ended without a token.
      for (const nonce of ['first', 'second']) {
        const acquired = await other.acquire(keyId, { nonce, leaseMs: 60 * SECOND, minTtlMs: 0 });
        if (acquired.outcome === 'lease') await other.fail(keyId, acquired.lease);
      }
    },
    'refuses the connection': failing('reject'),
    'is silent': failing('hang'),
  };

  async function call(refused: Token | undefined): Promise<Token | undefined> {
    if (!refused) return tokens.getToken('billing');
    return tokens['parts'].supply.replace(tokens['keys'].of('billing'), refused);
  }

  /** What the caller has by then, and what the store was told. */
  async function outcomeOf(hand: Hand, held: Token | undefined, withinMs: number): Promise<string> {
    const mints = source.calls.length;
    network.calls.length = 0;
    let result: PromiseSettledResult<Token | undefined> | undefined;
    const refused = hand === 'the token that the caller was refused with' ? held : undefined;
    void settled(call(refused)).then((landed) => (result = landed));
    await pass(withinMs);
    // Whatever came in after the timers.
    await new Promise((resolve) => setImmediate(resolve));
    await pass(0);
    const told = network.calls.filter((operation) => operation !== 'acquire').join(' ') || '-';
    const served = whichOf(result, held?.accessToken);
    expect(source.calls.length - mints).toBe(served === 'mint' ? 1 : 0);
    return inWords(`${served}: ${told}` as Outcome);
  }

  function whichOf(result: PromiseSettledResult<Token | undefined> | undefined, held?: string): string {
    if (!result) return 'wait';
    if (result.status === 'rejected')
      return result.reason.code === 'TOKEN_SOURCE_REJECTED' ? 'error' : result.reason.code;
    if (!result.value) return 'none';
    const { accessToken } = result.value;
    if (accessToken === held) return 'hand';
    return accessToken === 'of-the-fleet' ? 'store' : 'mint';
  }

  it.each(CELLS)('with %s in hand, when the store %s, is %s', async (hand, answer, outcome) => {
    const held = await take[hand]();
    await prepare[answer]();
    const isTimeLimitWaitedFor = answer === 'is silent' && hand !== 'a token that was never shared';
    expect(await outcomeOf(hand, held, isTimeLimitWaitedFor ? STORE_TIMEOUT_MS : 0)).toBe(outcome);
  });

  it.each(ASKED)(
    'with %s in hand, when the store %s and the process was stalled meanwhile, is %s',
    async (hand, answer, outcome) => {
      const held = await take[hand]();
      await prepare[answer]();
      network.isStalled = true;
      expect(await outcomeOf(hand, held, STORE_TIMEOUT_MS)).toBe(outcome);
    },
  );

  describe('afterwards', () => {
    it.each(HANDS)('is the same token when nothing superseded it, with %s in hand before', async (hand) => {
      const held = await take[hand]();
      await prepare['grants a lease, which nothing supersedes then']();
      await outcomeOf(hand, held, 0);
      const { accessToken } = await tokens.getToken('billing');
      const mints = source.calls.length;
      await pass(SECOND);
      for (let later = 0; later < 5; later++) {
        expect((await tokens.getToken('billing')).accessToken).toBe(accessToken);
        await pass(SECOND);
      }
      expect((await shared.peek(keyId)).token).toBeDefined();
      expect(source.calls).toHaveLength(mints);
    });

    it.each([
      ['the token of the store, if it lives longer than one that was never shared', 2 * HOUR, 'of-the-fleet'],
      ['the token that was never shared, if that lives longer', 60 * SECOND, 'fake-token-1'],
    ])('is %s', async (_which, ttlMs, accessToken) => {
      await take['a token that was never shared']();
      await storeOfAnother('of-the-fleet', ttlMs);
      await tokens.getToken('billing');
      await pass(0);
      expect((await tokens.getToken('billing')).accessToken).toBe(accessToken);
    });

    it.each<Answer>(['tells to wait', 'tells of a cool-down'])(
      'is the offered token, also for a process that holds nothing, when the store %s',
      async (answer) => {
        const held = await take['a token that the store has lost']();
        await prepare[answer]();
        await outcomeOf('a token that the store has lost', held, 0);
        const { token } = await shared.peek(keyId);
        expect(codec.decode(keyId, held!.generation, token!.payload)).toMatchObject({
          accessToken: held!.accessToken,
        });
      },
    );

    it.each<Hand>(HANDS.filter((hand) => OUTCOMES[hand][1] === 'wait: -'))(
      'is the token of the store as soon as it is there, for a caller that waited with %s in hand',
      async (hand) => {
        const held = await take[hand]();
        const lease = await leaseOfAnother();
        const refused = hand === 'the token that the caller was refused with' ? held : undefined;
        const waiting = call(refused);
        await pass(SECOND);
        const content = { accessToken: 'new', tokenType: 'Bearer', expiresAt: Date.now() + HOUR, refreshWindowMs: 0 };
        await shared.commit(keyId, lease, codec.encode(keyId, lease.fence, content), HOUR);
        await pass(250);
        expect((await waiting)?.accessToken).toBe('new');
      },
    );
  });
});
