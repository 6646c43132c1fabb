import { waitFor } from '@mintonce/test-support';
import { Test } from '@nestjs/testing';
import {
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
} from '../core/contract/token-cache.errors.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeTokenSource } from '../testing/fake-token-source.js';
import { FaultyTokenStore } from '../testing/faulty-token-store.js';
import { TokenCacheModule } from './token-cache.module.js';
import { TokenLog } from './token-log.js';
import { TokenService } from './token.service.js';

const HOUR_MS = 3_600_000;

describe('The log of an application', () => {
  let clock: FakeClock;
  let source: FakeTokenSource;
  let store: FaultyTokenStore;
  let tokens: TokenService;
  let lines: string[];
  let close: () => Promise<void>;

  beforeEach(async () => {
    clock = new FakeClock();
    source = new FakeTokenSource();
    store = new FaultyTokenStore(new MemoryTokenStore({ clock }));
    lines = [];
    const write = (level: string) => (line: unknown, context: string) =>
      context === 'TokenService' && lines.push(`${level}: ${String(line)}`);
    const options = { store, clock, random: () => 0.5, integrations: { billing: { source } } };
    const app = await Test.createTestingModule({ imports: [TokenCacheModule.forRoot(options)] })
      .setLogger({ log: write('log'), warn: write('warn'), error: write('error') })
      .compile();
    tokens = app.get(TokenService);
    close = async () => {
      store.fault = () => undefined;
      const closing = app.close();
      await clock.advance(60_000);
      await closing;
    };
  });
  afterEach(() => close());

  const ask = (): Promise<unknown> => tokens.getToken('billing').catch((error: unknown) => error);

  it('has no line about a token that is minted and served', async () => {
    await ask();
    await clock.advance(2 * HOUR_MS);
    await ask();
    expect(lines).toEqual([]);
  });

  it('has one line at the begin of an outage of the store, with the reason, and one at its end', async () => {
    store.fault = () => 'reject';
    for (let call = 0; call < 5; call++) {
      await ask();
      await clock.advance(1_500);
    }
    expect(lines).toEqual([
      'warn: The token store failed at "acquire": connection lost. Valid tokens are served on until it answers',
    ]);
    store.fault = () => undefined;
    await waitFor(async () => {
      await clock.advance(100);
      await tokens.status('billing');
      return lines.length > 1;
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^log: The token store answers again after \d+ ms; failures meanwhile: \d+$/);
  });

  it('has one line at the begin of a cool-down, with code, reason and length, and one when there is a token again', async () => {
    source.failure = new TokenSourceRejectedError('The client\nis unknown');
    for (let call = 0; call < 5; call++) {
      await ask();
      await clock.advance(31_000);
    }
    expect(lines).toEqual([
      'warn: No token was minted for "billing" (TOKEN_SOURCE_REJECTED): The client is unknown; ' +
        'the source is left alone for 30000 ms',
    ]);
    delete source.failure;
    await ask();
    expect(lines[1]).toBe('log: There is a new token for "billing" again after 155000 ms; failures meanwhile: 5');
  });

  it('has one line about a refresh that fails while the token is valid', async () => {
    await ask();
    source.failure = new TokenSourceUnavailableError('The server is busy');
    await clock.advance(HOUR_MS - 120_000);
    for (let call = 0; call < 5; call++) {
      await ask();
      await clock.advance(5_000);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^warn: No token was minted for "billing" \(TOKEN_SOURCE_UNAVAILABLE\): The server is busy/,
    );
  });

  it('has one line about a refresh that is put off since another process failed', () => {
    const log = new TokenLog({ log: () => {}, warn: (line: string) => lines.push(line) }, clock);
    for (const code of ['TOKEN_STORE_UNAVAILABLE', 'TOKEN_SOURCE_REJECTED', 'TOKEN_SOURCE_REJECTED']) {
      log.refreshFailed('billing', code);
    }
    expect(lines).toEqual([
      'The token for "billing" was not refreshed (TOKEN_SOURCE_REJECTED): the valid one is served on',
    ]);
  });

  it('has no more of what a source says than fits in a line', async () => {
    source.failure = new TokenSourceRejectedError('no '.repeat(1_000));
    await ask();
    expect(lines).toEqual([
      `warn: No token was minted for "billing" (TOKEN_SOURCE_REJECTED): ${'no '.repeat(100)}...; ` +
        'the source is left alone for 30000 ms',
    ]);
  });

  it('has no reason where a store failed without an error', () => {
    const log = new TokenLog({ log: () => {}, warn: (line: string) => lines.push(line) }, clock);
    log.storeFailed('peek', new TokenStoreUnavailableError('peek', { cause: 'gone' }));
    expect(lines).toEqual(['The token store failed at "peek". Valid tokens are served on until it answers']);
  });

  it('has no pause where a source is not left alone', () => {
    const log = new TokenLog({ log: () => {}, warn: (line: string) => lines.push(line) }, clock);
    log.mintFailed('billing', new TokenSourceUnavailableError('busy'));
    expect(lines).toEqual(['No token was minted for "billing" (TOKEN_SOURCE_UNAVAILABLE): busy']);
  });

  it('has the kinds and codes of what a source threw, and none of its text', async () => {
    const refused = Object.assign(new Error('connect to https://me:hunter2@idp'), { code: 'ECONNREFUSED' });
    source.failure = new TypeError('fetch with eyJhbGciOi failed', { cause: refused });
    await ask();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('(TypeError, ECONNREFUSED)');
    expect(lines[0]).not.toMatch(/hunter2|eyJ/);
  });
});
