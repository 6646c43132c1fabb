import { FakeTokenSource } from '../testing/fake-token-source.js';
import {
  accessToken,
  callEvery,
  type Fleet,
  pass,
  REFRESH_AT,
  SECOND,
  settled,
  startFleet,
} from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from './contract/token-cache.errors.js';
import { type TokenClient } from './token-client.js';

describe('One process of four whose mints fail', () => {
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];
  let sickSource: FakeTokenSource;
  let sick: TokenClient;
  let others: TokenClient[];

  beforeEach(() => {
    ({ source, replica, stop } = startFleet());
    sick = sickReplica();
    others = [1, 2, 3].map(() => replica());
  });
  afterEach(() => stop());

  /** A process with an outdated secret, which is no part of the identity. */
  function sickReplica(failure: Error = new TokenSourceRejectedError('no', { oauthError: 'invalid_client' })) {
    sickSource = new FakeTokenSource();
    sickSource.failure = failure;
    return replica({ integrations: { billing: { source: sickSource } } });
  }

  const error = (tokens: TokenClient): Promise<unknown> => settled(tokens.getToken('billing'));

  it.each<[string, Error, number]>([
    ['served by one mint when its credentials were refused', new TokenSourceRejectedError('no'), 1],
    ['served by one mint when it cannot connect', new Error('connect ECONNREFUSED'), 1],
    [
      'refused when the request itself was refused, which is the same in every process',
      new TokenSourceRejectedError('no', { oauthError: 'invalid_scope' }),
      0,
    ],
    ['refused when the provider failed', new TokenSourceUnavailableError('503'), 0],
    ['refused when it was throttled', new TokenSourceUnavailableError('429', { retryAfterMs: 20 * SECOND }), 0],
    [
      'refused when its credentials were refused and the provider said when to come back',
      new TokenSourceRejectedError('403', { retryAfterMs: 20 * SECOND }),
      0,
    ],
  ])('leaves the others %s', async (_how, failure, mints) => {
    const first = sickReplica(failure);
    await error(first);
    const landed = await Promise.all(others.map((tokens) => settled(tokens.getToken('billing'))));
    expect(landed.map(({ status }) => status)).toEqual(Array(3).fill(mints > 0 ? 'fulfilled' : 'rejected'));
    expect(source.calls).toHaveLength(mints);
  });

  it('hears its own error for the cool-down, without asking again', async () => {
    for (let second = 0; second < 29; second++) {
      expect(await error(sick)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
      await pass(SECOND);
    }
    expect(sickSource.calls).toHaveLength(1);
  });

  it('is served itself once another has minted', async () => {
    await error(sick);
    await others[0]!.getToken('billing');
    await pass(SECOND);
    expect(await accessToken(sick)).toBe('fake-token-1');
    expect(sickSource.calls).toHaveLength(1);
  });

  it('is served itself when it asks while another mints', async () => {
    await error(sick);
    const release = source.hold();
    const minting = others[0]!.getToken('billing');
    await pass(SECOND);
    const waiting = settled(sick.getToken('billing'));
    await pass(SECOND);
    release();
    await minting;
    await pass(SECOND);
    await waiting;
    expect(await accessToken(sick)).toBe('fake-token-1');
  });

  it('disturbs nobody when it is the first to refresh the token', async () => {
    for (const tokens of [...others, sick]) await tokens.getToken('billing');
    await pass(REFRESH_AT);
    for (let second = 0; second < 60; second++) {
      for (const tokens of [sick, ...others]) await tokens.getToken('billing');
      await pass(SECOND);
    }
    for (const tokens of [sick, ...others]) expect(await accessToken(tokens)).toBe('fake-token-2');
    expect([sickSource.calls.length, source.calls.length]).toEqual([1, 2]);
  });

  it('binds the whole fleet by a second failure, so that the provider sees two calls a cool-down', async () => {
    const [first, firstSource] = [sick, sickSource];
    const second = sickReplica();
    for (let call = 0; call < 29; call++) {
      for (const tokens of [first, second, ...others]) {
        expect(await error(tokens)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
      }
      await pass(SECOND);
    }
    expect([firstSource.calls.length, sickSource.calls.length, source.calls.length]).toEqual([1, 1, 0]);
  });

  it('keeps to its own cool-down, and others to none, after a shorter one took its place in the store', async () => {
    await error(sick);
    source.failure = new TokenSourceUnavailableError('503');
    await error(others[0]!);
    await pass(5 * SECOND);
    for (let second = 5; second < 29; second++) {
      expect(await error(sick)).toMatchObject({ reason: { code: 'TOKEN_SOURCE_REJECTED' } });
      await pass(SECOND);
    }
    expect(sickSource.calls).toHaveLength(1);
    delete source.failure;
    expect(await accessToken(others[1]!)).toBe('fake-token-2');
  });

  it('asks again after a purge of another, which ends its cool-down', async () => {
    await error(sick);
    delete sickSource.failure;
    await others[0]!.purge('billing');
    await pass(0);
    expect(await accessToken(sick)).toBe('fake-token-2');
  });

  it('is forgotten when it has minted again', async () => {
    await error(sick);
    delete sickSource.failure;
    await callEvery(SECOND, 31, sick);
    expect(await accessToken(others[0]!)).toBe('fake-token-2');
    expect(source.calls).toHaveLength(0);
  });
});
