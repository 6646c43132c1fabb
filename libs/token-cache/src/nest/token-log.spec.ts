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

  describe('beside the rest of the application', () => {
    let log: TokenLog;

    beforeEach(() => {
      const write = (line: string): void => void lines.push(line);
      log = new TokenLog({ log: write, warn: write }, clock);
    });

    const fail = (cause?: unknown, message = 'busy'): void =>
      log.mintFailed('billing', new TokenSourceUnavailableError(message, { cause }));

    it.each([
      ['stored', true],
      ['local', true],
      ['failed', false],
      ['superseded', false],
    ] as const)('takes a mint that is %s for the end of an outage: %s', (outcome, isEnd) => {
      fail();
      log.minted('billing', { outcome });
      expect(lines).toHaveLength(isEnd ? 2 : 1);
    });

    it('takes a token that ends later than all before for the end of an outage, and no other', () => {
      log.learned('billing', 1_000);
      fail();
      log.learned('billing', 999);
      log.learned('billing', 1_000);
      expect(lines).toHaveLength(1);
      log.learned('billing', 1_001);
      expect(lines).toEqual([
        expect.stringContaining('No token was minted'),
        'There is a new token for "billing" again after 0 ms; failures meanwhile: 1',
      ]);
    });

    it.each([
      ['without what is around it', '  busy \n', 'busy'],
      ['with one space for all that may break a line', 'so\r\n\t busy', 'so busy'],
      ['whole, if it has 300 characters', 'b'.repeat(300), 'b'.repeat(300)],
      ['cut off, if it has more', 'b'.repeat(301), `${'b'.repeat(300)}...`],
    ])('has a text %s', (_how, message, told) => {
      fail(undefined, message);
      expect(lines).toEqual([`No token was minted for "billing" (TOKEN_SOURCE_UNAVAILABLE): ${told}`]);
    });

    it('has the kinds of five errors in a chain of causes, and no code that is more than a word', () => {
      const chain = Array.from({ length: 7 }, (_, depth) => Object.assign(new Error(), { code: `E${depth}` }));
      chain.forEach((error, depth) => (error.cause = chain[depth + 1]));
      Object.assign(chain[1]!, { code: 'E1 eyJhbGciOi' });
      fail(chain[0]);
      expect(lines).toEqual([expect.stringMatching(/: busy \(E0, E2, E3, E4\)$/)]);
    });
  });
});
