import { FakeClock } from '../../testing/fake-clock.js';
import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { WITHOUT_LEASE } from '../contract/mint-fence.js';
import { SourceClient } from './source-client.js';
import { type TokenKey } from '../config/token-key.js';

const MINT_TIMEOUT_MS = 10_000;

describe('SourceClient', () => {
  let clock: FakeClock;
  let source: FakeTokenSource;
  let sources: SourceClient;
  let closing: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    source = new FakeTokenSource();
    closing = new AbortController();
    sources = new SourceClient(clock, () => 0, closing.signal);
  });

  const key = (tenant?: string): TokenKey =>
    billingKey({ source, mintTimeoutMs: MINT_TIMEOUT_MS }, tenant === undefined ? undefined : { tenant });

  async function failure(minting: Promise<unknown>): Promise<unknown> {
    return minting.then(
      () => undefined,
      (error) => error,
    );
  }

  /** Has the source take that long for the token that `answer` describes. */
  async function mintSlowly(delayMs: number, expiresInMs: number) {
    source.answer = { expiresInMs };
    const release = source.hold();
    const minting = sources.mint(key(), 1);
    const outcome = minting.catch((error) => error);
    await clock.advance(delayMs);
    release();
    return outcome;
  }

  it('reckons the life of a token from before the source was asked', async () => {
    const began = clock.now();
    expect(await mintSlowly(5_000, 3_600_000)).toEqual({
      content: {
        accessToken: 'fake-token-1',
        tokenType: 'Bearer',
        expiresAt: began + 3_600_000,
        refreshWindowMs: 300_000,
      },
      endsAt: 3_570_000,
      refreshAt: 3_270_000,
    });
  });

  it('says what scope the token has, if the source does', async () => {
    source.answer = { expiresInMs: 3_600_000, scope: 'read', tokenType: 'bearer' };
    const { content } = await sources.mint(key(), 1);
    expect(content).toMatchObject({ scope: 'read', tokenType: 'bearer' });
  });

  it('refuses a token that was over before it arrived', async () => {
    const { message, code } = await mintSlowly(1_800, 2_000).then(
      (error) => error as unknown as Error & { code: string },
    );
    expect([code, message]).toEqual([
      'TOKEN_RESPONSE_INVALID',
      'The token for "billing" had expired before it arrived: its source answers too slowly, or states too short a life',
    ]);
  });

  it('takes a token that still has a millisecond', async () => {
    expect(await mintSlowly(1_799, 2_000)).toMatchObject({ endsAt: 1_800 });
  });

  it.each([
    [
      'no access token',
      { accessToken: undefined },
      'The source of "billing" gave no usable access token: it must be visible ASCII without spaces',
    ],
    [
      'an access token that breaks a header',
      { accessToken: 'a b' },
      'The source of "billing" gave no usable access token: it must be visible ASCII without spaces',
    ],
    [
      'a token type that is no text',
      { tokenType: 7 },
      'The source of "billing" gave no usable token type: it must be visible ASCII without spaces',
    ],
    [
      'a token type that breaks a header',
      { tokenType: 'Bea\nrer' },
      'The source of "billing" gave no usable token type: it must be visible ASCII without spaces',
    ],
  ])('refuses %s', async (_what, odd, message) => {
    source.answer = odd as object;
    expect(await failure(sources.mint(key(), 1))).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID', message });
  });

  it('says which source failed, and why', async () => {
    source.failure = new Error('odd');
    expect(await failure(sources.mint(key(), 1))).toMatchObject({
      code: 'TOKEN_SOURCE_UNAVAILABLE',
      message: expect.stringContaining('The source of "billing" failed'),
      cause: source.failure,
    });
  });

  it('ends a mint that takes too long, and tells the source', async () => {
    source.hold();
    const failed = failure(sources.mint(key(), 1));
    await clock.advance(MINT_TIMEOUT_MS);
    expect(await failed).toMatchObject({
      code: 'TOKEN_SOURCE_UNAVAILABLE',
      message: expect.stringContaining('The source of "billing" did not answer within 10000 ms'),
    });
    expect(source.calls[0]?.context.signal.aborted).toBe(true);
  });

  it('leaves the signal of a mint that is over alone', async () => {
    await sources.mint(key(), 1);
    await clock.advance(MINT_TIMEOUT_MS);
    closing.abort(new Error('shutting down'));
    expect(source.calls[0]?.context.signal.aborted).toBe(false);
  });

  it('ends the mints of the key that was purged up to the fence of the purge, and no other', async () => {
    const release = source.hold();
    const voided = ([WITHOUT_LEASE, 3, 7] as const).map((fence) => failure(sources.mint(key('one'), fence)));
    const others = [sources.mint(key('one'), 8), sources.mint(key('two'), 1)];
    await clock.advance(0);
    sources.abortVoided({ type: 'purged', keyId: key('one').id, fence: 7 });
    release();
    expect(await Promise.all(voided)).toMatchObject(
      Array(3).fill({ cause: new Error('The token was purged while it was minted') }),
    );
    expect(await Promise.all(others)).toHaveLength(2);
  });

  it.each(['stored', 'failed', 'invalidated'] as const)('lets a mint go on when its key was %s', async (type) => {
    const release = source.hold();
    const minting = sources.mint(key(), 1);
    await clock.advance(0);
    sources.abortVoided({ type, keyId: key().id, fence: 7 });
    release();
    expect(await minting).toMatchObject({ content: { accessToken: 'fake-token-1' } });
  });

  it('ends every mint when it is closed, and asks no source any more', async () => {
    source.hold();
    const before = failure(sources.mint(key(), 1));
    await clock.advance(0);
    closing.abort(new Error('shutting down'));
    const after = failure(sources.mint(key(), 2));
    expect(await Promise.all([before, after])).toMatchObject(Array(2).fill({ cause: new Error('shutting down') }));
    expect(source.calls).toHaveLength(1);
  });
});
