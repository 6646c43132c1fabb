import { type FakeTokenSource } from '../../testing/fake-token-source.js';
import { FaultyTokenStore } from '../../testing/faulty-token-store.js';
import { type Fleet, pass, REFRESH_AT, settled, slow, startFleet } from '../../testing/fleet.spec-support.js';
import { type MemoryTokenStore } from '../slot/memory-token-store.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { TokenObserver } from '../contract/token-observer.js';
import { type Token } from '../contract/token.js';
import { type TokenClient } from '../token-client.js';
import { type UpstreamStatus } from './refusal.js';
import { type Transport } from './transport.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/** An answer of the upstream, and whether it was let go. */
interface Answer extends UpstreamStatus {
  isDiscarded: boolean;
}

type Upstream = (token: Token) => UpstreamStatus;

const ok: Upstream = () => ({ status: 200 });
const forbidden: Upstream = () => ({ status: 401 });

describe('TokenClient.send', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => ({ shared, source, replica, stop } = startFleet()));
  afterEach(() => stop());

  /** A request to that upstream; each time that it is sent is remembered. */
  function requestTo(upstream: Upstream, { canSendAgain = true } = {}): Transport<Answer> & { sent: Token[] } {
    const sent: Token[] = [];
    return {
      sent,
      async send(token) {
        sent.push(token);
        return { ...upstream(token), isDiscarded: false };
      },
      statusOf: (answer) => answer,
      canSendAgain: () => canSendAgain,
      discard: (answer) => void (answer.isDiscarded = true),
    };
  }

  /** Sends a request every so often, to the upstreams in turn; gives the statuses that the callers got. */
  async function load(
    fleet: readonly TokenClient[],
    upstreams: readonly Upstream[],
    { everyMs = 100, forMs = 3 * SECOND, canSendAgain = true } = {},
  ): Promise<number[][]> {
    const calls: Promise<number>[][] = upstreams.map(() => []);
    for (let i = 0; i * everyMs < forMs; i++) {
      const request = requestTo(upstreams[i % upstreams.length]!, { canSendAgain });
      calls[i % upstreams.length]!.push(
        fleet[i % fleet.length]!.send('billing', request).then(
          ({ status }) => status,
          () => 0,
        ),
      );
      await pass(everyMs);
    }
    await pass(20 * SECOND);
    return Promise.all(calls.map((statuses) => Promise.all(statuses)));
  }

  /** An upstream that knows only tokens which are this old, and were not revoked. */
  function strict({ knownAfterMs = 0 } = {}): Upstream & { revoke(): void } {
    const seen = new Map<string, number>();
    const revoked = new Set<string>();
    return Object.assign(
      ({ accessToken }: Token) => {
        const firstAt = seen.get(accessToken) ?? Date.now();
        seen.set(accessToken, firstAt);
        const isKnown = Date.now() - firstAt >= knownAfterMs && !revoked.has(accessToken);
        return { status: isKnown ? 200 : 401 };
      },
      { revoke: () => [...seen.keys()].forEach((token) => revoked.add(token)) },
    );
  }

  /** A process whose token is old enough for a refusal to count at once. */
  async function agedReplica(...options: Parameters<Fleet['replica']>): Promise<TokenClient> {
    const tokens = replica(...options);
    await tokens.getToken('billing');
    await pass(5 * SECOND);
    return tokens;
  }

  function rejectionsOf(tokens: TokenClient): string[] {
    const outcomes: string[] = [];
    tokens.observe(
      new (class extends TokenObserver {
        override rejected(_integration: string, outcome: string): void {
          outcomes.push(outcome);
        }
      })(),
    );
    return outcomes;
  }

  describe('with an upstream that does not know a new token for its first second', () => {
    it('sends the same token again after a second, and mints once', async () => {
      const tokens = replica();
      const [statuses] = await load([tokens], [strict({ knownAfterMs: SECOND })]);
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(source.calls).toHaveLength(1);
    });

    it('sends the same token again also after a 403, if the policy counts that', async () => {
      const tokens = replica({ renewOn: [401, 403] });
      const lagging = strict({ knownAfterMs: SECOND });
      const [statuses] = await load(
        [tokens],
        [(token) => (lagging(token).status === 200 ? { status: 200 } : { status: 403 })],
      );
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(source.calls).toHaveLength(1);
    });

    it('counts the first answer as excused', async () => {
      const tokens = replica();
      const outcomes = rejectionsOf(tokens);
      await load([tokens], [strict({ knownAfterMs: SECOND })], { forMs: 100 });
      expect(outcomes).toEqual(['excused']);
    });

    it('does not send a stream twice, and counts its refusal', async () => {
      const tokens = replica();
      const request = requestTo(forbidden, { canSendAgain: false });
      expect(await tokens.send('billing', request)).toEqual({ status: 401, isDiscarded: false });
      expect(request.sent).toHaveLength(1);
    });

    it('begins no mint for a stream that is refused, since the next caller does', async () => {
      const tokens = await agedReplica();
      await tokens.send('billing', requestTo(forbidden, { canSendAgain: false }));
      await pass(SECOND);
      expect(source.calls).toHaveLength(1);
    });

    it('sends the current token after the second when the refused one was purged meanwhile', async () => {
      const tokens = replica();
      const request = requestTo(({ accessToken }) => ({ status: accessToken === 'fake-token-2' ? 200 : 401 }));
      const sending = tokens.send('billing', request);
      await pass(500);
      await tokens.purge('billing');
      await pass(2 * SECOND);
      await sending;
      expect(request.sent.map(({ accessToken }) => accessToken)).toEqual(['fake-token-1', 'fake-token-2']);
    });

    it('gives the refusal back when no token can be had after the second', async () => {
      const tokens = replica();
      const sending = tokens.send('billing', requestTo(forbidden));
      await pass(500);
      await tokens.purge('billing');
      source.failure = new TokenSourceRejectedError('no');
      await pass(SECOND);
      expect(await sending).toEqual({ status: 401, isDiscarded: false });
    });

    it('stops when the caller leaves while the first answer is let go of', async () => {
      const caller = new AbortController();
      const request = requestTo(forbidden);
      request.discard = () => caller.abort(new Error('gone'));
      const sending = settled(replica().send('billing', request, { signal: caller.signal }));
      await pass(SECOND);
      expect(await sending).toMatchObject({ status: 'rejected', reason: new Error('gone') });
      expect(request.sent).toHaveLength(1);
    });

    it('stops when the caller leaves while it pauses, and reports no refusal', async () => {
      const caller = new AbortController();
      const tokens = replica();
      const outcomes = rejectionsOf(tokens);
      const request = requestTo(forbidden);
      const sending = settled(tokens.send('billing', request, { signal: caller.signal }));
      await pass(500);
      caller.abort(new Error('gone'));
      expect(await sending).toMatchObject({ status: 'rejected', reason: new Error('gone') });
      expect([request.sent.length, outcomes]).toEqual([1, ['excused']]);
    });
  });

  describe('with an upstream that answers 401 for ever', () => {
    it.each([
      [1, true],
      [4, true],
      [1, false],
      [4, false],
    ])(
      'mints at most five times in half a minute, then once a minute, with %i processes and bodies that can be sent again: %p',
      async (processes, canSendAgain) => {
        const fleet = Array.from({ length: processes }, () => replica());
        await load(fleet, [forbidden], { forMs: 30 * SECOND, everyMs: 300, canSendAgain });
        expect(source.calls.length).toBeLessThanOrEqual(5);
        await load(fleet, [forbidden], { forMs: 4 * MINUTE, everyMs: 5 * SECOND, canSendAgain });
        const before = source.calls.length;
        await load(fleet, [forbidden], { forMs: 5 * MINUTE, everyMs: 5 * SECOND, canSendAgain });
        expect(source.calls.length - before).toBeLessThanOrEqual(6);
      },
    );

    it('begins anew with the shortest pace once it was left alone', async () => {
      const tokens = await agedReplica();
      await load([tokens], [forbidden], { forMs: 30 * SECOND, everyMs: 500 });
      await pass(10 * MINUTE);
      const before = source.calls.length;
      await load([tokens], [forbidden], { forMs: 8 * SECOND, everyMs: 500 });
      expect(source.calls.length - before).toBe(2);
    });

    it('gives the caller the answer of the upstream, whole', async () => {
      const tokens = await agedReplica();
      expect(await tokens.send('billing', requestTo(forbidden))).toEqual({ status: 401, isDiscarded: false });
      await pass(2 * SECOND);
      const held = settled(tokens.send('billing', requestTo(forbidden)));
      await pass(2 * SECOND);
      expect(await held).toEqual({ status: 'fulfilled', value: { status: 401, isDiscarded: false } });
    });

    it.each([
      ['fails', () => (source.failure = new TokenSourceRejectedError('no'))],
      ['is silent', () => source.hold()],
    ])('gives it also while the source %s, and no error of the token', async (_how, fail) => {
      const tokens = await agedReplica();
      fail();
      const request = requestTo(forbidden);
      const answer = tokens.send('billing', request);
      await pass(20 * SECOND);
      expect(await answer).toEqual({ status: 401, isDiscarded: false });
      expect(request.sent).toHaveLength(1);
    });

    it('passes on the failure of the second request, which decides nothing', async () => {
      const tokens = await agedReplica();
      let requests = 0;
      const breaking = requestTo(() => {
        if (++requests % 2 === 0) throw new Error('reset');
        return { status: 401 };
      });
      await expect(tokens.send('billing', breaking)).rejects.toThrow('reset');
      await load([tokens], [forbidden], { everyMs: 10, forMs: SECOND });
      expect(source.calls.length).toBeLessThanOrEqual(2);
    });
  });

  describe('with one path that answers 401 for ever, and another that answers 200', () => {
    it.each([1, 4])('refreshes early once a minute and disturbs no caller, with %i processes', async (processes) => {
      const fleet = Array.from({ length: processes }, () => replica());
      const upstreams = [forbidden, ok];
      const [, statuses] = await load(fleet, [...upstreams, ...upstreams.toReversed()], { forMs: 3 * SECOND });
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(source.calls.length).toBeLessThanOrEqual(3);
    });

    it('says that the refusals are contested or held', async () => {
      const tokens = await agedReplica();
      const outcomes = rejectionsOf(tokens);
      await load([tokens], [ok, forbidden], { everyMs: SECOND, forMs: 10 * SECOND });
      expect(outcomes).toEqual(['contested', ...Array<string>(outcomes.length - 1).fill('held')]);
      expect(outcomes.length).toBeGreaterThan(3);
    });
  });

  it.each([1, 4])(
    'replaces a token that is revoked under load by one mint, and every call ends well, with %i processes',
    async (processes) => {
      const fleet = Array.from({ length: processes }, () => replica());
      const upstream = strict();
      await load(fleet, [upstream], { everyMs: 100 });
      const release = source.hold();
      upstream.revoke();
      const calls = Array.from({ length: 100 }, (_, i) => fleet[i % processes]!.send('billing', requestTo(upstream)));
      await pass(200);
      release();
      await pass(5 * SECOND);
      expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]));
      expect(source.calls).toHaveLength(2);
    },
  );

  it.each([
    [[401], 403, 1],
    [[401, 403], 403, 2],
    [[], 401, 1],
  ])('replaces the token on the statuses of renewOn %j: a %i costs %i mints', async (renewOn, status, mints) => {
    const tokens = await agedReplica({ renewOn });
    const first = await tokens.getToken('billing');
    const upstream: Upstream = ({ generation }) => ({ status: generation === first.generation ? status : 200 });
    await tokens.send('billing', requestTo(upstream));
    expect(source.calls).toHaveLength(mints);
  });

  it('takes a refusal that names another fault for no proof against the token', async () => {
    const tokens = await agedReplica();
    const outcomes = rejectionsOf(tokens);
    const upstream: Upstream = () => ({ status: 401, wwwAuthenticate: 'Bearer error="insufficient_scope"' });
    const request = requestTo(upstream);
    expect(await tokens.send('billing', request)).toMatchObject({ status: 401, isDiscarded: false });
    expect([request.sent.length, source.calls.length, outcomes]).toEqual([1, 1, ['excused']]);
  });

  it('sends a request once more with the token that another process brought meanwhile', async () => {
    const [a, b] = [await agedReplica(), await agedReplica()];
    const first = await a.getToken('billing');
    const upstream: Upstream = ({ generation }) => ({ status: generation === first.generation ? 401 : 200 });
    await a.send('billing', requestTo(upstream));
    expect(await b.send('billing', requestTo(upstream))).toMatchObject({ status: 200 });
    expect(source.calls).toHaveLength(2);
  });

  it('gives the refusal of both to the one caller that first meets a token and its successor revoked together', async () => {
    const [a, b] = [await agedReplica(), await agedReplica()];
    await pass(REFRESH_AT);
    await a.getToken('billing');
    await pass(0);
    expect(source.calls).toHaveLength(2);
    const upstream: Upstream = ({ accessToken }) => ({ status: accessToken === 'fake-token-3' ? 200 : 401 });
    const first = requestTo(upstream);
    expect(await b.send('billing', first)).toMatchObject({ status: 401 });
    expect(first.sent.map(({ accessToken }) => accessToken)).toEqual(['fake-token-1', 'fake-token-2']);
    const next = b.send('billing', requestTo(upstream));
    await pass(2 * SECOND);
    expect(await next).toMatchObject({ status: 200 });
  });

  it('takes a refusal for contested when the second request was accepted a moment ago', async () => {
    const tokens = await agedReplica({ rejection: { paceMs: 100, maxPaceMs: 1_000 } });
    const first = await tokens.getToken('billing');
    await tokens.send(
      'billing',
      requestTo(({ generation }) => ({ status: generation === first.generation ? 401 : 200 })),
    );
    await pass(2 * SECOND);
    const outcomes = rejectionsOf(tokens);
    await tokens.invalidate(await tokens.getToken('billing'));
    expect(outcomes).toEqual(['contested']);
  });

  it('takes a refusal for an ordinary one when the second request was refused as well', async () => {
    const tokens = await agedReplica({ rejection: { paceMs: 100, maxPaceMs: 1_000 } });
    await tokens.send('billing', requestTo(forbidden));
    await pass(2 * SECOND);
    const outcomes = rejectionsOf(tokens);
    await tokens.invalidate(await tokens.getToken('billing'));
    expect(outcomes).toEqual(['replaced']);
  });

  it('asks the transport to keep back the first answer only', async () => {
    const tokens = await agedReplica();
    const first = await tokens.getToken('billing');
    const kept: boolean[] = [];
    const request = requestTo(forbidden);
    const { send } = request;
    request.send = (token, speaksAgainst) => {
      kept.push(speaksAgainst({ status: 401 }));
      return send(token, speaksAgainst);
    };
    await tokens.send('billing', request);
    expect(kept).toEqual([true, false]);
    expect(request.sent[0]).toBe(first);
  });

  it('asks the store no more once the successor is in hand', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = await agedReplica({}, store);
    const first = await tokens.getToken('billing');
    const upstream: Upstream = ({ generation }) => ({ status: generation === first.generation ? 401 : 200 });
    let release = (): void => {};
    const late = { ...requestTo(upstream), send: requestTo(upstream).send };
    const answered = new Promise<void>((resolve) => (release = resolve));
    const send = late.send;
    late.send = async (token, speaksAgainst) => {
      if (token.generation === first.generation) await answered;
      return send(token, speaksAgainst);
    };
    const sending = tokens.send('billing', late);
    await tokens.send('billing', requestTo(upstream));
    store.calls.length = 0;
    release();
    expect(await sending).toMatchObject({ status: 200 });
    expect(store.calls).toEqual([]);
  });

  it.each(['mint-locally', 'fail'] as const)(
    'keeps the pace from memory while the store does not answer, with %s',
    async (whenStoreUnavailable) => {
      const store = new FaultyTokenStore(shared);
      const tokens = await agedReplica({ whenStoreUnavailable }, store);
      store.fault = () => 'reject';
      const [statuses] = await load([tokens], [forbidden], { forMs: 30 * SECOND, everyMs: 500 });
      expect(new Set(statuses)).toEqual(new Set([401]));
      expect(source.calls.length).toBeLessThanOrEqual(whenStoreUnavailable === 'fail' ? 1 : 5);
    },
  );

  it('has an accepted token refreshed for its own request after it left a full near cache', async () => {
    const tokens = replica({ nearCache: { maxEntries: 1, maxAgeMs: 5 * SECOND } });
    const request = requestTo(ok);
    await tokens.send('billing', request, { request: { tenant: 'a' } });
    await tokens.getToken('billing', { tenant: 'b' });
    await tokens.invalidate(request.sent[0]!);
    expect(source.calls.map((call) => call.request.tenant)).toEqual(['a', 'b', 'a']);
  });

  it('refreshes a contested token once without the store, although its successor ends earlier', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = await agedReplica({}, store);
    source.answer = { expiresInMs: 10 * MINUTE };
    store.fault = () => 'reject';
    await load([tokens], [ok, forbidden], { forMs: 5 * SECOND });
    expect(source.calls).toHaveLength(2);
  });

  it('refreshes a token that goes on being contested once, though the store falls silent after it granted that', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = await agedReplica({}, store);
    await tokens.send('billing', requestTo(ok));
    await tokens.invalidate(await tokens.getToken('billing'));
    await tokens.send('billing', requestTo(ok));
    store.fault = () => 'reject';
    const outcomes = rejectionsOf(tokens);
    await tokens.invalidate(await tokens.getToken('billing'));
    expect(outcomes).toEqual(['held']);
    expect(source.calls).toHaveLength(2);
  });

  it.each([
    ['one process twice', 0],
    ['another process', 1],
  ])(
    'leaves a contested token in hand that is contested again, by %s, before it could be refreshed',
    async (_who, second) => {
      const stores = [new FaultyTokenStore(shared), new FaultyTokenStore(shared)];
      const fleet = [await agedReplica({}, stores[0]), await agedReplica({}, stores[1])];
      for (const tokens of fleet) await tokens.send('billing', requestTo(ok));
      source.failure = new TokenSourceUnavailableError('down', { retryAfterMs: 30 * SECOND });
      await fleet[0]!.send('billing', requestTo(forbidden));
      await fleet[second]!.send('billing', requestTo(forbidden));
      delete source.failure;
      const mints = source.calls.length;
      await pass(35 * SECOND);
      stores[second]!.fault = () => 'reject';
      expect((await fleet[second]!.getToken('billing')).accessToken).toBe('fake-token-1');
      expect(source.calls).toHaveLength(mints);
    },
  );

  it.each([
    ['its refusal is reported', () => new FaultyTokenStore(slow(shared, { replies: { invalidate: 300 } })), () => {}],
    ['the token is replaced', () => new FaultyTokenStore(shared), () => void source.hold()],
  ])('lets go of the answer when the caller leaves while %s', async (_when, storeOf, strike) => {
    const tokens = await agedReplica({}, storeOf());
    strike();
    const caller = new AbortController();
    const request = requestTo(forbidden);
    const discard = jest.spyOn(request, 'discard');
    const sending = settled(tokens.send('billing', request, { signal: caller.signal }));
    await pass(100);
    caller.abort(new Error('gone'));
    await pass(400);
    expect(await sending).toMatchObject({ status: 'rejected', reason: new Error('gone') });
    expect([request.sent.length, discard.mock.calls.length]).toEqual([1, 1]);
  });

  it('sends a request again although the connection of its refusal broke', async () => {
    const tokens = await agedReplica();
    const request = requestTo(({ accessToken }) => ({ status: accessToken === 'fake-token-1' ? 401 : 200 }));
    request.discard = () => Promise.reject(new Error('terminated'));
    expect(await tokens.send('billing', request)).toMatchObject({ status: 200 });
  });

  it('refreshes an accepted token that was shared under a new generation since it was sent', async () => {
    const store = new FaultyTokenStore(shared);
    store.fault = () => 'reject';
    const tokens = replica({}, store);
    const request = requestTo(ok);
    await tokens.send('billing', request);
    store.fault = () => undefined;
    await pass(2 * SECOND);
    await tokens.getToken('billing');
    await pass(10);
    await tokens.invalidate(request.sent[0]!);
    expect(source.calls).toHaveLength(2);
  });

  it('mints once without the store for those who were refused and those who come anew', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = await agedReplica({}, store);
    store.fault = () => 'reject';
    const release = source.hold();
    const upstream: Upstream = ({ accessToken }) => ({ status: accessToken === 'fake-token-1' ? 401 : 200 });
    const refused = tokens.send('billing', requestTo(upstream));
    await pass(10);
    const anew = tokens.send('billing', requestTo(upstream));
    await pass(10);
    release();
    expect([(await refused).status, (await anew).status]).toEqual([200, 200]);
    expect(source.calls).toHaveLength(2);
  });

  it('fails with the error of the token when there is none to send', async () => {
    source.failure = new TokenSourceRejectedError('no');
    const request = requestTo(ok);
    await expect(replica().send('billing', request)).rejects.toMatchObject({ code: 'TOKEN_SOURCE_REJECTED' });
    expect(request.sent).toHaveLength(0);
  });
});
