import { type FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { type Fleet, HOUR, pass, REFRESH_AT, SECOND, startFleet } from '../testing/fleet.spec-support.js';
import { TokenSourceRejectedError } from './contract/token-cache.errors.js';
import { type TokenObserver } from './contract/token-observer.js';
import { type MemoryTokenStore } from './slot/memory-token-store.js';
import { tokenSource } from './contract/token-source.js';
import { TokenCallLog } from './token-call-log.js';
import { type TokenClient } from './token-client.js';

/** What has a line; `getting` tells of the callers that miss, and `storeCalled` of the calls that fail. */
type Told = Exclude<keyof TokenObserver, 'miss' | 'storeFailed'>;

const EVENTS: { [Event in Told]: [details: Parameters<TokenObserver[Event]>, line: string] } = {
  getting: [['billing'], 'billing #1: asks'],
  minting: [['billing', 'miss'], 'billing: mint begins (miss)'],
  hit: [['billing', 'near'], 'billing: served (near)'],
  minted: [
    ['billing', { outcome: 'stored', reason: 'miss', durationMs: 84.23 }],
    'billing: mint stored (miss), 84.2 ms',
  ],
  learned: [['billing', Date.UTC(2026, 0, 1)], 'billing: holds a token that expires at 2026-01-01T00:00:00.000Z'],
  waited: [['billing', 64], 'billing: waited for another process, 64 ms'],
  storeCalled: [['peek', 0.61, false], 'store peek, 0.6 ms'],
  mintFailed: [
    ['billing', new TokenSourceRejectedError('a text that is not printed')],
    'billing: source failed (TOKEN_SOURCE_REJECTED)',
  ],
  leaseLost: [['billing'], 'billing: lease lost'],
  refreshFailed: [['billing', 'TOKEN_SOURCE_UNAVAILABLE'], 'billing: refresh failed (TOKEN_SOURCE_UNAVAILABLE)'],
  rejected: [['billing', 'excused'], 'billing: token refused by an upstream (excused)'],
  superseded: [['billing'], 'billing: commit superseded'],
  unreadable: [['billing'], 'billing: stored token unreadable'],
};

/** Without what is another one each time. */
function withoutNumbers(line: string): string {
  return line.replace(/[\d.]+ ms|\d{4}-.*Z/, 'N');
}

describe('TokenCallLog', () => {
  let shared: MemoryTokenStore;
  let source: FakeTokenSource;
  let replica: Fleet['replica'];
  let stop: Fleet['stop'];

  beforeEach(() => {
    ({ shared, source, replica, stop } = startFleet());
    jest.setSystemTime(Date.UTC(2026, 0, 1));
  });
  afterEach(() => stop());

  function linesOf(tokens: TokenClient): string[] {
    const lines: string[] = [];
    tokens.observe(new TokenCallLog((line) => lines.push(line)));
    return lines;
  }

  it('prints the steps of a call that mints, of one that waits for it elsewhere, and of one that has the token in hand', async () => {
    const [a, b] = [replica(), replica()];
    const [linesOfA, linesOfB] = [linesOf(a), linesOf(b)];
    const release = source.hold();
    const minting = a.getToken('billing');
    await pass(20);
    const waiting = b.getToken('billing');
    await pass(64);
    release();
    await Promise.all([minting, waiting]);
    await a.getToken('billing');
    expect(linesOfA).toEqual([
      'billing #1: asks',
      'billing #1: store acquire, 0 ms',
      'billing #1: mint begins (miss)',
      'billing #1: store commit, 0 ms',
      'billing #1: holds a token that expires at 2026-01-01T01:00:00.000Z',
      'billing #1: mint stored (miss), 84 ms',
      'billing #1: served (minted)',
      'billing: served (near)',
    ]);
    expect(linesOfB).toEqual([
      'billing #1: asks',
      'billing #1: store acquire, 0 ms',
      'billing #1: store acquire, 0 ms',
      'billing #1: holds a token that expires at 2026-01-01T01:00:00.000Z',
      'billing #1: waited for another process, 64 ms',
      'billing #1: served (waited)',
    ]);
  });

  it('gives each call its number', async () => {
    const tokens = replica();
    const lines = linesOf(tokens);
    const release = source.hold();
    const calls = [tokens.getToken('billing', { tenant: 'a' }), tokens.getToken('billing', { tenant: 'b' })];
    await pass(1);
    release();
    await Promise.all(calls);
    const stepsOf = (call: string): number => lines.filter((line) => line.startsWith(`${call}: `)).length;
    expect([stepsOf('billing #1'), stepsOf('billing #2'), lines.length]).toEqual([7, 7, 14]);
  });

  it('prints a refresh without a call, as nobody waits for it', async () => {
    const tokens = replica();
    await tokens.getToken('billing');
    await pass(REFRESH_AT);
    const lines = linesOf(tokens);
    await tokens.getToken('billing');
    await pass(SECOND);
    expect(lines.map(withoutNumbers)).toEqual([
      'billing: served (near)',
      'store acquire, N',
      'billing: mint begins (refresh)',
      'store commit, N',
      'billing: holds a token that expires at N',
      'billing: mint stored (refresh), N',
    ]);
  });

  it('prints no step of what a call leaves running behind it as one of its own', async () => {
    const tokens = replica();
    const lines = linesOf(tokens);
    const release = source.hold();
    const leaving = new AbortController();
    const left = tokens.getToken('billing', {}, { signal: leaving.signal }).catch(() => {});
    await pass(1);
    leaving.abort(new Error('a text that is not printed'));
    await left;
    release();
    await pass(SECOND);
    expect(lines.slice(3, 5)).toEqual(['billing #1: failed (no error of the library)', 'store commit, 0 ms']);
  });

  it('tells the calls of a source that needs a token of another integration from those of its own', async () => {
    const tokens: TokenClient = replica({
      integrations: {
        billing: { source },
        crm: {
          source: tokenSource('crm', async () => ({ accessToken: (await tokens.getToken('billing')).accessToken })),
        },
      },
    });
    await tokens.getToken('billing');
    const lines = linesOf(tokens);
    await tokens.getToken('crm');
    expect(lines.slice(0, 5).map(withoutNumbers)).toEqual([
      'crm #1: asks',
      'crm #1: store acquire, N',
      'crm #1: mint begins (miss)',
      'billing: served (near)',
      'crm #1: store commit, N',
    ]);
  });

  it('prints once that a call which asked a store in vain was given the token in hand', async () => {
    const store = new FaultyTokenStore(shared);
    const tokens = replica({ nearCache: false }, store);
    await tokens.getToken('billing');
    store.fault = () => 'reject';
    const lines = linesOf(tokens);
    await tokens.getToken('billing');
    expect(lines.filter((line) => line.includes('served'))).toEqual(['billing #1: served (near)']);
  });

  it('prints failures by their codes', async () => {
    const store = new FaultyTokenStore(shared);
    store.fault = (operation) => (operation === 'fail' ? 'reject' : undefined);
    const tokens = replica({}, store);
    const lines = linesOf(tokens);
    source.mint = () =>
      Promise.reject(new TokenSourceRejectedError('a text that is not printed', { retryAfterMs: HOUR }));
    await tokens.getToken('billing').catch(() => {});
    expect(lines.slice(3)).toEqual([
      'billing #1: mint failed (miss), 0 ms',
      'billing #1: store fail failed, 0 ms',
      'billing #1: source failed (TOKEN_SOURCE_REJECTED), left alone for 3600000 ms',
      'billing #1: store fail failed, 0 ms',
      'billing #1: failed (TOKEN_SOURCE_REJECTED)',
    ]);
  });

  it('holds no tenant and no token', async () => {
    const tokens = replica();
    const lines = linesOf(tokens);
    const token = await tokens.getToken('billing', { tenant: 'acme', scope: 'secret-scope' });
    await pass(10 * SECOND);
    await tokens.invalidate(token);
    await tokens.getToken('billing', { tenant: 'acme', scope: 'secret-scope' });
    await tokens.purge('billing', { tenant: 'acme', scope: 'secret-scope' });
    expect(lines).toContain('billing: token refused by an upstream (replaced)');
    expect(lines.join()).not.toMatch(new RegExp(`acme|secret-scope|${token.accessToken}|${token.keyId}`));
  });

  it.each(Object.entries(EVENTS))('has a line for %s', (event, [details, line]) => {
    const lines: string[] = [];
    const log = new TokenCallLog((printed) => lines.push(printed));
    Reflect.apply(log[event as Told], log, details);
    expect(lines).toEqual([line]);
  });

  it('has none for a hit whose call ends with one', () => {
    const lines: string[] = [];
    new TokenCallLog((printed) => lines.push(printed)).hit('billing', 'shared');
    expect(lines).toEqual([]);
  });
});
