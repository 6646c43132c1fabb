import { billingKey } from '../../testing/billing-key.spec-support.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type TokenKey } from '../config/token-key.js';
import { TokenSourceRejectedError, TokenSourceUnavailableError } from '../contract/token-cache.errors.js';
import { tokenSource, type TokenSource } from '../contract/token-source.js';
import { ProviderPace } from './provider-pace.js';

const MINT: TokenSource['mint'] = async () => ({ accessToken: 'token' });
const THROTTLED = new TokenSourceUnavailableError('429', { retryAfterMs: 60_000 });

describe('ProviderPace', () => {
  let clock: FakeClock;
  let pace: ProviderPace;

  beforeEach(() => {
    clock = new FakeClock();
    pace = new ProviderPace(clock, () => 1);
  });

  const key = (identity: string, names: Pick<TokenSource, 'provider' | 'client'> = {}, tenant = 'a'): TokenKey =>
    billingKey({ source: tokenSource(identity, MINT, names) }, { tenant });
  const remainingMs = (of: TokenKey): number | undefined => pace.cooling(of)?.remainingMs;

  it('holds what one key was told against the others of the same source, until it is over', async () => {
    pace.failed(key('one', {}, 'a'), THROTTLED);
    expect(remainingMs(key('one', {}, 'b'))).toBe(60_000);
    await clock.advance(59_999);
    expect(remainingMs(key('one', {}, 'b'))).toBe(1);
    await clock.advance(1);
    expect(remainingMs(key('one', {}, 'b'))).toBeUndefined();
  });

  it.each<[string, Pick<TokenSource, 'provider' | 'client'>, boolean]>([
    ['the same provider and client', { provider: 'idp', client: 'gateway' }, true],
    ['another client of the provider', { provider: 'idp', client: 'billing' }, false],
    ['the same client of another provider', { provider: 'other', client: 'gateway' }, false],
    ['the same provider and no client', { provider: 'idp' }, false],
    ['no names', {}, false],
  ])('holds it or not against a source with %s', (_what, names, binds) => {
    pace.failed(key('one', { provider: 'idp', client: 'gateway' }), THROTTLED);
    expect(remainingMs(key('two', names)) !== undefined).toBe(binds);
  });

  it('remembers a throttled client without a time of its own for the first transient cool-down', () => {
    pace.failed(key('one'), new TokenSourceUnavailableError('429', { binds: 'provider' }));
    expect(remainingMs(key('one'))).toBe(1_000);
  });

  it.each([
    ['a failure of the fleet', new TokenSourceUnavailableError('500')],
    ['a failure of the process', new TokenSourceRejectedError('401')],
  ])('remembers no %s', (_what, error) => {
    pace.failed(key('one'), error);
    expect(remainingMs(key('one'))).toBeUndefined();
  });

  it('takes the longest of several pauses, and does not add them up', () => {
    for (const retryAfterMs of [30_000, 60_000, 5_000]) {
      pace.failed(key('one'), new TokenSourceUnavailableError('429', { retryAfterMs }));
    }
    for (let i = 0; i < 5; i++) pace.failed(key('one'), new TokenSourceUnavailableError('429', { binds: 'provider' }));
    expect(remainingMs(key('one'))).toBe(60_000);
  });

  it('does not count a pause that it is told twice', async () => {
    for (let i = 0; i < 2; i++) pace.failed(key('one'), THROTTLED);
    await clock.advance(60_000);
    pace.failed(key('one'), new TokenSourceUnavailableError('429', { binds: 'provider' }));
    expect(remainingMs(key('one'))).toBe(2_000);
  });

  it('is not ended by a success of a request that was under way', () => {
    pace.failed(key('one'), THROTTLED);
    pace.succeeded(key('one'));
    expect(remainingMs(key('one'))).toBe(60_000);
  });

  it('doubles while failures go on, and begins anew after a success', async () => {
    const throttled = (): number | undefined => {
      pace.failed(key('one'), new TokenSourceUnavailableError('429', { binds: 'provider' }));
      return remainingMs(key('one'));
    };
    expect(throttled()).toBe(1_000);
    await clock.advance(1_000);
    expect(throttled()).toBe(2_000);
    await clock.advance(2_000);
    pace.succeeded(key('one'));
    expect(throttled()).toBe(1_000);
  });
});
