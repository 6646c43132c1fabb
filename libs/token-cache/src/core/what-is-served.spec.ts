import { type Fleet, HOUR, pass, SECOND, settled, startFleet } from '../testing/fleet.spec-support.js';
import { type Token } from './contract/token.js';
import { type Answer, ANSWERS, type Hand, Scene } from './what-is-served.spec-support.js';

const STORE_TIMEOUT_MS = 500;

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
const TOLD = {
  '-': 'nothing',
  commit: 'the token under the lease',
  'commit commit': 'the token under the lease, and at once under the next',
  offer: 'the token without a lease',
};

type Outcome = `${keyof typeof SERVED}: ${keyof typeof TOLD}`;

/** In the order of the answers. */
// oxfmt-ignore
const OUTCOMES: Record<Hand, readonly Outcome[]> = {
  //                                               newer token  wait           cool-down      lease           superseded      no connection  silence
  'nothing':                                      ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit commit', 'mint: -',     'mint: -'],
  'a token that the store has lost':              ['store: -', 'hand: offer', 'hand: offer', 'hand: commit', 'hand: commit', 'hand: -',     'hand: -'],
  'a token that was never shared':                ['hand: -',  'hand: offer', 'hand: offer', 'hand: commit', 'hand: commit', 'hand: -',     'hand: -'],
  'a token that was purged unheard':              ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit commit', 'hand: -',     'hand: -'],
  'a token that was marked as rejected unheard':  ['store: -', 'wait: -',     'hand: -',     'mint: commit', 'mint: commit commit', 'hand: -',     'hand: -'],
  'the token that the caller was refused with':   ['store: -', 'wait: -',     'none: -',     'mint: commit', 'mint: commit commit', 'mint: -',     'mint: -'],
  'a token that is over by the monotonic clock':  ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit commit', 'mint: -',     'mint: -'],
  'a token that is over by the wall clock alone': ['store: -', 'wait: -',     'error: -',    'mint: commit', 'mint: commit commit', 'mint: -',     'mint: -'],
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

function servedOf(result: PromiseSettledResult<Token | undefined> | undefined, held?: string): string {
  if (!result) return 'wait';
  if (result.status === 'rejected') {
    return result.reason.code === 'TOKEN_SOURCE_REJECTED' ? 'error' : result.reason.code;
  }
  if (!result.value) return 'none';
  const { accessToken } = result.value;
  if (accessToken === held) return 'hand';
  return accessToken === 'of-the-fleet' ? 'store' : 'mint';
}

describe('What is served', () => {
  let scene: Scene;
  let stop: Fleet['stop'];

  beforeEach(() => {
    const fleet = startFleet();
    ({ stop } = fleet);
    scene = new Scene(fleet);
  });
  afterEach(() => stop());

  const refusedWith = (hand: Hand, held: Token | undefined): Token | undefined =>
    hand === 'the token that the caller was refused with' ? held : undefined;

  /** What the caller has by then, and what the store was told. */
  async function outcomeOf(hand: Hand, held: Token | undefined, withinMs: number): Promise<string> {
    const { network, source } = scene;
    const mints = source.calls.length;
    network.calls.length = 0;
    let result: PromiseSettledResult<Token | undefined> | undefined;
    void settled(scene.ask(refusedWith(hand, held))).then((landed) => (result = landed));
    await pass(withinMs);
    // Whatever came in after the timers.
    await new Promise((resolve) => setImmediate(resolve));
    await pass(0);
    const told = network.calls.filter((operation) => operation !== 'acquire').join(' ') || '-';
    const served = servedOf(result, held?.accessToken);
    expect(source.calls.length - mints).toBe(served === 'mint' ? 1 : 0);
    return inWords(`${served}: ${told}` as Outcome);
  }

  it.each(CELLS)('with %s in hand, when the store %s, is %s', async (hand, answer, outcome) => {
    const held = await scene.take(hand);
    await scene.prepare(answer);
    const isTimeLimitWaitedFor = answer === 'is silent' && hand !== 'a token that was never shared';
    expect(await outcomeOf(hand, held, isTimeLimitWaitedFor ? STORE_TIMEOUT_MS : 0)).toBe(outcome);
  });

  it.each(ASKED)(
    'with %s in hand, when the store %s and the process was stalled meanwhile, is %s',
    async (hand, answer, outcome) => {
      const held = await scene.take(hand);
      await scene.prepare(answer);
      scene.network.isStalled = true;
      expect(await outcomeOf(hand, held, STORE_TIMEOUT_MS)).toBe(outcome);
    },
  );

  describe('afterwards', () => {
    it.each(HANDS)('is the same token when nothing superseded it, with %s in hand before', async (hand) => {
      const held = await scene.take(hand);
      await scene.prepare('grants a lease, which nothing supersedes then');
      await outcomeOf(hand, held, 0);
      const { accessToken } = await scene.tokens.getToken('billing');
      const mints = scene.source.calls.length;
      await pass(SECOND);
      for (let later = 0; later < 5; later++) {
        expect((await scene.tokens.getToken('billing')).accessToken).toBe(accessToken);
        await pass(SECOND);
      }
      expect(await scene.sharedToken()).toBe(accessToken);
      expect(scene.source.calls).toHaveLength(mints);
    });

    it.each([
      ['the token of the store, if it lives longer than one that was never shared', 2 * HOUR, 'of-the-fleet'],
      ['the token that was never shared, if that lives longer', 60 * SECOND, 'fake-token-1'],
    ])('is %s', async (_which, ttlMs, accessToken) => {
      await scene.take('a token that was never shared');
      await scene.commitOfAnother(await scene.leaseOfAnother(), 'of-the-fleet', ttlMs);
      await scene.tokens.getToken('billing');
      await pass(0);
      expect((await scene.tokens.getToken('billing')).accessToken).toBe(accessToken);
    });

    it.each<Answer>(['tells to wait', 'tells of a cool-down'])(
      'is the offered token, also for a process that holds nothing, when the store %s',
      async (answer) => {
        const held = await scene.take('a token that the store has lost');
        await scene.prepare(answer);
        await outcomeOf('a token that the store has lost', held, 0);
        expect(await scene.sharedToken()).toBe(held?.accessToken);
      },
    );

    it.each<Hand>(HANDS.filter((hand) => OUTCOMES[hand][1] === 'wait: -'))(
      'is the token of the store as soon as it is there, for a caller that waited with %s in hand',
      async (hand) => {
        const held = await scene.take(hand);
        const lease = await scene.leaseOfAnother();
        const waiting = scene.ask(refusedWith(hand, held));
        await pass(SECOND);
        await scene.commitOfAnother(lease, 'new', HOUR);
        await pass(250);
        expect((await waiting)?.accessToken).toBe('new');
      },
    );
  });
});
