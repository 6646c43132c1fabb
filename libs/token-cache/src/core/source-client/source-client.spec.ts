import { FakeClock } from '../../testing/fake-clock.js';
import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { after, leftMs, momentOf } from '../contract/moment.js';
import { TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { tokenSource } from '../contract/token-source.js';
import { AskAgainError } from './ask-again-error.js';
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
        lifeMs: 3_565_000,
      },
      ends: { monotonicAt: 3_570_000, wallAt: began + 3_570_000 },
    });
  });

  it('says what scope the token has, if the source does', async () => {
    source.answer = { expiresInMs: 3_600_000, scope: 'read', tokenType: 'bearer' };
    const { content } = await sources.mint(key(), 1);
    expect(content).toMatchObject({ scope: 'read', tokenType: 'bearer' });
  });

  it('refuses a token that was over before it arrived', async () => {
    const error = await mintSlowly(1_800, 2_000);
    expect(error).not.toBeInstanceOf(AskAgainError);
    const { message, code } = error as unknown as Error & { code: string };
    expect([code, message]).toEqual([
      'TOKEN_RESPONSE_INVALID',
      'The token for "billing" had expired before it arrived: its source answers too slowly, or states too short a life',
    ]);
  });

  it('takes a token that still has a millisecond', async () => {
    expect(await mintSlowly(1_799, 2_000)).toMatchObject({ ends: { monotonicAt: 1_800 } });
  });

  it('refuses a token that ended while the machine slept over the answer, as one to ask for again', async () => {
    source.answer = { expiresInMs: 60_000 };
    const release = source.hold();
    const failed = failure(sources.mint(key(), 1));
    await clock.advance(10);
    clock.moveWall(3_600_000);
    release();
    expect(await failed).toBeInstanceOf(AskAgainError);
    expect(await failed).toMatchObject({
      code: 'TOKEN_RESPONSE_INVALID',
      message: expect.stringContaining('had expired before it arrived'),
      binds: 'process',
    });
  });

  it.each([
    ['was over when it was issued', { expiresInMs: 0 }, 3_600_000],
    ['ended while it was on its way for a second', { expiresInMs: 1_000 }, 1_000],
  ])('refuses for good a token that %s', async (_what, answer, sleptMs) => {
    const drowsy = tokenSource('drowsy', async () => {
      clock.moveWall(sleptMs);
      return { accessToken: 'token', ...answer };
    });
    const error = await failure(sources.mint(billingKey({ source: drowsy }), 1));
    expect(error).toMatchObject({ name: 'TokenResponseInvalidError', code: 'TOKEN_RESPONSE_INVALID' });
    expect(error).not.toBeInstanceOf(AskAgainError);
  });

  it('gives the fence to the source, and 0 for a mint without a lease', async () => {
    await sources.mint(key(), 7);
    await sources.mint(key(), 8, { isLeased: false });
    expect(source.calls.map(({ context }) => context.fence)).toEqual([7, 0]);
  });

  it('takes a token that outlived the sleep of the machine, for what is left of it', async () => {
    const drowsy = tokenSource('drowsy', async () => {
      clock.moveWall(1_800_000);
      return { accessToken: 'token', expiresInMs: 3_600_000 };
    });
    const { ends } = await sources.mint(billingKey({ source: drowsy }), 1);
    expect(leftMs(ends, momentOf(clock))).toBe(1_770_000);
  });

  it.each([
    ['its answer says so', { expiresInMs: 0 }],
    ['its end has passed', { expiresAt: Date.UTC(2025, 11, 31) }],
  ])('refuses a token that is over when %s, and says what to do', async (_when, answer) => {
    source.answer = answer;
    expect(await failure(sources.mint(key(), 1))).toMatchObject({
      code: 'TOKEN_RESPONSE_INVALID',
      message: expect.stringMatching(
        /^The source of "billing" gave a token that is over, .* set zeroExpiry to 'never'$/,
      ),
    });
  });

  it('lets a token that was held before end no later than it did', async () => {
    const { ends } = await sources.mint(key(), 1);
    await clock.advance(600_000);
    const repeated = tokenSource('repeats', async () => ({ accessToken: 'fake-token-1', expiresInMs: 3_600_000 }));
    const again = await sources.mint(billingKey({ source: repeated }), 2, {
      former: { accessToken: 'fake-token-1', ends },
    });
    expect(again).toMatchObject({ ends, content: { refreshWindowMs: 0 } });
  });

  it.each([
    ['a moment ago is one to ask for again', 30_999, 1_000],
    ['longer ago is refused as any other', 31_000, undefined],
  ])('takes for over a token that it is given again; one that ended %s', async (_what, agoMs, afterMs) => {
    const ended = tokenSource('repeats', async () => ({ accessToken: 'the-same', expiresInMs: 0 }));
    const former = { accessToken: 'the-same', ends: after(momentOf(clock), -agoMs) };
    const error = await failure(sources.mint(billingKey({ source: ended }), 1, { former }));
    expect(error).toMatchObject({
      name: 'TokenResponseInvalidError',
      message: expect.stringContaining('gave a token that is over'),
      binds: undefined,
    });
    expect((error as { afterMs?: number }).afterMs).toBe(afterMs);
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

  it('takes a token that arrived while the event loop was blocked, although its time is up', async () => {
    const delivered: (() => void)[] = [];
    const stalled = Object.assign(clock, { afterInput: (callback: () => void) => void delivered.push(callback) });
    const release = source.hold();
    const minting = new SourceClient(stalled, () => 0, closing.signal).mint(key(), 1);
    await clock.advance(MINT_TIMEOUT_MS);
    release();
    expect((await minting).content.accessToken).toBe('fake-token-1');
    delivered.forEach((callback) => callback());
    expect(delivered).toHaveLength(1);
    expect(source.calls[0]?.context.signal.aborted).toBe(false);
  });

  it('leaves the signal of a mint that is over alone', async () => {
    await sources.mint(key(), 1);
    await clock.advance(MINT_TIMEOUT_MS);
    closing.abort(new Error('shutting down'));
    expect(source.calls[0]?.context.signal.aborted).toBe(false);
  });

  it('ends the mints of the key that was purged up to the fence of the purge, and no other', async () => {
    const release = source.hold();
    const voided = [1, 3, 7].map((fence) => failure(sources.mint(key('one'), fence)));
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

  it('blames itself for a source that does not answer, and for one that fails in a way of its own', async () => {
    source.failure = new Error('odd');
    expect(await failure(sources.mint(key(), 1))).toMatchObject({ binds: 'process' });
    source.failure = undefined;
    source.hold();
    const failed = failure(sources.mint(key(), 1));
    await clock.advance(MINT_TIMEOUT_MS);
    expect(await failed).toMatchObject({ binds: 'process' });
  });

  it('leaves a provider alone that throttled another key', async () => {
    source.failure = new TokenSourceUnavailableError('429', { retryAfterMs: 60_000 });
    expect(sources.cooling(key('two'))).toBeUndefined();
    await failure(sources.mint(key('one'), 1));
    expect(sources.cooling(key('two'))).toMatchObject({ remainingMs: 60_000 });
  });

  describe('when as many token requests of the provider are open as may be', () => {
    const one = (): TokenKey => billingKey({ source, maxOpenMints: 1 });

    it('has the next one wait its turn', async () => {
      const release = await sources.admission(one());
      let isAdmitted = false;
      const next = sources.admission(one()).then(() => (isAdmitted = true));
      await clock.advance(0);
      expect(isAdmitted).toBe(false);
      release();
      expect(await next).toBe(true);
    });

    it('sends it away after mintTimeoutMs, and says what to do', async () => {
      await sources.admission(one());
      const failed = failure(sources.admission(one()));
      await clock.advance(MINT_TIMEOUT_MS);
      expect(await failed).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        message: expect.stringMatching(
          /^No turn at the source of "billing" within 10000 ms, .* or raise maxOpenMints$/,
        ),
        binds: 'process',
      });
    });

    it.each(['waits', 'comes'])('sends one away that %s when it is closed', async (when) => {
      await sources.admission(one());
      if (when === 'comes') closing.abort(new Error('shutting down'));
      const failed = failure(sources.admission(one()));
      if (when === 'waits') closing.abort(new Error('shutting down'));
      expect(await failed).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        message: 'The process shuts down and mints no more: another process, or this one after its start, mints',
        cause: new Error('shutting down'),
      });
    });
  });
});
