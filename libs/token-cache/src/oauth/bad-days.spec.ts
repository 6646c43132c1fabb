import { randomUUID } from 'node:crypto';
import { type RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { recordEvidence, type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { systemClock } from '../core/contract/clock.js';
import { type TokenCacheErrorCode, type TokenSourceError } from '../core/contract/token-cache.errors.js';
import { TokenObserver } from '../core/contract/token-observer.js';
import { TokenClient } from '../core/token-client.js';
import { moveClock } from '../redis/redis-system.spec-support.js';
import { RedisTokenStore } from '../redis/index.js';
import { clientCredentials } from './index.js';
import {
  ACCESS_TOKEN,
  answer,
  CLIENT_SECRET,
  gzipBomb,
  never,
  NOISE,
  OddIdp,
  resetInBody,
  slowBody,
  tenMebibytes,
  token,
  well,
} from './odd-idp.spec-support.js';

const PROCESSES = 3;
const CALLERS_EACH = 15;
/** The `mintTimeoutMs` of answers that never end; other answers get the default. */
const IMPATIENT_MS = 1_000;
const HANGING = [never, slowBody];
const DAY_S = 86_400;

/** The default cool-down after a refusal. */
const REJECTED_MS = 30_000;
/** First cool-down after a transient failure: half of `transientMs`, because jitter is fixed at one half. No burst outlasts it. */
const TRANSIENT_MS = 10_000;

class Mints extends TokenObserver {
  count = 0;

  override minted(): void {
    this.count++;
  }
}

interface Failure {
  readonly code: TokenCacheErrorCode;
  /** Until when the last process that may ask again does so. */
  readonly coolMs: number;
  /** Of the whole fleet within the cool-down: a failure that may be the process's own is tried by one more process. */
  readonly calls: 1 | 2;
  readonly oauthError?: string;
}

/** A refusal of the credentials, which may be out of date in one process alone. */
const refused = (oauthError?: string): Failure => ({
  code: 'TOKEN_SOURCE_REJECTED',
  coolMs: REJECTED_MS,
  calls: 2,
  oauthError,
});
/** A refusal of what was asked for, which is the same in every process. */
const rejected = (oauthError: string): Failure => ({ ...refused(oauthError), calls: 1 });
const unavailable = (coolMs = TRANSIENT_MS, oauthError?: string): Failure => ({
  code: 'TOKEN_SOURCE_UNAVAILABLE',
  coolMs,
  calls: 1,
  oauthError,
});
/** No answer: the fault may lie on the way from one process. The second failure in a row has the longer cool-down. */
const unreachable: Failure = { code: 'TOKEN_SOURCE_UNAVAILABLE', coolMs: 2 * TRANSIENT_MS, calls: 2 };
const invalid = (oauthError?: string): Failure => ({
  code: 'TOKEN_RESPONSE_INVALID',
  coolMs: TRANSIENT_MS,
  calls: 1,
  oauthError,
});

const date = new Date(Date.UTC(2030, 0, 1)).toUTCString();
const later = new Date(Date.UTC(2030, 0, 1, 0, 2)).toUTCString();
const retryAfter = (status: number, value: string) => answer(status, {}, { 'retry-after': value, date });

const OAUTH_ERRORS = [
  rejected('invalid_request'),
  refused('invalid_client'),
  refused('invalid_grant'),
  refused('unauthorized_client'),
  rejected('unsupported_grant_type'),
  rejected('invalid_scope'),
];

const REFUSALS: [what: string, answer: RequestListener, expected: Failure][] = [
  ...[400, 401].flatMap((status) =>
    OAUTH_ERRORS.map((failure): [string, RequestListener, Failure] => [
      `${status} ${failure.oauthError}`,
      answer(status, { error: failure.oauthError }),
      failure,
    ]),
  ),
  ['403 with HTML', answer(403, `<html>${NOISE}</html>`), refused()],
  ['403 with Retry-After', retryAfter(403, '120'), unavailable(120_000)],
  ...[429, 503].flatMap((status): [string, RequestListener, Failure][] => [
    [`${status} with Retry-After in seconds`, retryAfter(status, '120'), unavailable(120_000)],
    [`${status} with Retry-After as a date`, retryAfter(status, later), unavailable(120_000)],
    [`${status} with Retry-After of 30 days`, retryAfter(status, `${30 * DAY_S}`), unavailable(3_600_000)],
    [`${status} with Retry-After of a century`, retryAfter(status, `${36_525 * DAY_S}`), unavailable()],
    [`${status} with a negative Retry-After`, retryAfter(status, '-1'), unavailable()],
    [`${status} with a Retry-After of junk`, retryAfter(status, `${NOISE} soon`), unavailable()],
    [`${status} without Retry-After`, answer(status, {}), unavailable()],
  ]),
  ['500 with an error code', answer(500, { error: 'server_error' }), unavailable(TRANSIENT_MS, 'server_error')],
  ['502 with HTML', answer(502, `<html>${NOISE}</html>`), unavailable()],
  ['302 to another place', answer(302, NOISE, { location: `/${NOISE}` }), invalid()],
  ['307 to another place', answer(307, NOISE, { location: `/${NOISE}` }), invalid()],
  ['an empty 200', answer(200), invalid()],
  ['HTML with 200', answer(200, `<html>${NOISE}</html>`, { 'content-type': 'text/html' }), invalid()],
  ['an error with 200', answer(200, { error: 'invalid_client' }), refused('invalid_client')],
  ['half a JSON', answer(200, `{"access_token":"${ACCESS_TOKEN}`), invalid()],
  ['a token of another type', token({ token_type: 'mac' }), invalid()],
  ['a token that would break a header', token({ access_token: `${ACCESS_TOKEN}\r\nx: 1` }), invalid()],
  ['a token with an expires_in of 0', token({ expires_in: 0 }), invalid()],
  ['a token with a negative expires_in', token({ expires_in: -1 }), invalid()],
  ['a gzip bomb', gzipBomb(), invalid()],
  ['a body of 10 MiB', tenMebibytes(), invalid()],
  ['no answer', never, unreachable],
  ['a body that does not end', slowBody, unreachable],
  ['a connection that is reset within the body', resetInBody, unreachable],
];

/** Fields of an answer, and how long the fleet may use the token: its life less a margin of at most a tenth. */
const LIVES: [what: string, fields: object, usableMs: number][] = [
  ['no expires_in', {}, 270_000],
  ['expires_in of 1', { expires_in: 1 }, 900],
  ['expires_in of 5', { expires_in: 5 }, 4_500],
  ['expires_in as a string', { expires_in: '3600' }, 3_570_000],
  ['expires_in as a string between spaces', { expires_in: ' 3600 ' }, 3_570_000],
  ['expires_in that is a word', { expires_in: 'soon' }, 270_000],
  ['expires_in of NaN', { expires_in: 'NaN' }, 270_000],
  ['expires_in of null', { expires_in: null }, 270_000],
  ['expires_in with a fraction', { expires_in: 1.5 }, 1_350],
  ['expires_in in milliseconds by mistake', { expires_in: 3_600_000 }, 86_370_000],
  ['expires_in of 30 days', { expires_in: 30 * DAY_S }, 86_370_000],
  ['expires_in of 100 years', { expires_in: 36_525 * DAY_S }, 86_370_000],
  ['expires_in beyond all numbers', { expires_in: 1e300 }, 270_000],
  ['a token of 64 KiB', { expires_in: 3600, access_token: ACCESS_TOKEN.padEnd(65_536, 'x') }, 3_570_000],
  ['a token type in odd letters', { expires_in: 3600, token_type: 'bEARER' }, 3_570_000],
];

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('A fleet with clientCredentials() on one Redis, while the identity provider fails', () => {
  let server: RedisServer;
  let client: Redis;
  let idp: OddIdp;
  let printed: jest.SpyInstance[];
  let fleet: Fleet;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.socketPath);
    idp = await OddIdp.start();
  });

  beforeEach(() => {
    printed = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write'));
    idp.requests = 0;
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await fleet.stop();
  });

  afterAll(async () => {
    client?.disconnect();
    await idp?.stop();
    await server?.stop();
  });

  /** Processes with a store and connections of their own, on one Redis. */
  class Fleet {
    readonly namespace = randomUUID();
    readonly mints = new Mints();
    readonly #clients = Array.from({ length: PROCESSES }, () => new Redis(server.socketPath));
    readonly #services: TokenClient[];
    #passedMs = 0;

    constructor(tokenEndpoint: string, mintTimeoutMs = 10_000) {
      this.#services = this.#clients.map((own) => {
        const source = clientCredentials({
          tokenEndpoint,
          clientId: 'gateway',
          clientSecret: CLIENT_SECRET,
          allowInsecureRequests: true,
        });
        const service = new TokenClient({
          store: new RedisTokenStore(own, { namespace: this.namespace }),
          integrations: { billing: { source } },
          mintTimeoutMs,
          cooldown: { transientMs: 2 * TRANSIENT_MS, transientMaxMs: 6 * TRANSIENT_MS },
          storeTimeoutMs: 10_000,
          random: () => 0.5,
          clock: {
            ...systemClock,
            now: () => systemClock.now() + this.#passedMs,
            monotonic: () => systemClock.monotonic() + this.#passedMs,
          },
        });
        service.observe(this.mints);
        return service;
      });
    }

    /** Starts callers in all processes at once; gives the result of each. */
    burst(): Promise<PromiseSettledResult<unknown>[]> {
      const callers = this.#services.flatMap((service) => Array.from({ length: CALLERS_EACH }, () => service));
      return Promise.allSettled(callers.map((service) => service.getToken('billing')));
    }

    /** What the store holds: the remaining lives of token, record and cool-down, and the text of the record. */
    async kept(): Promise<{ tokenMs: number; recordMs: number; coolingMs: number; text: string }> {
      const [tokenKey, recordKey] = await this.#keys();
      const record = await client.hgetall(recordKey);
      const [seconds, micros] = await client.time();
      return {
        tokenMs: await client.pttl(tokenKey),
        recordMs: await client.pttl(recordKey),
        coolingMs: Number(record['coolEndsAt'] ?? 0) - (Number(seconds) * 1e3 + Number(micros) / 1e3),
        text: JSON.stringify(record),
      };
    }

    /** Makes `ms` pass in the store and in every process. */
    async pass(ms: number): Promise<void> {
      this.#passedMs += ms;
      await moveClock(client, await this.#keys(), ms);
    }

    async stop(): Promise<void> {
      await Promise.all(this.#services.map((service) => service.close()));
      for (const own of this.#clients) own.disconnect();
    }

    async #keys(): Promise<[string, string]> {
      const names = await client.keys(`${this.namespace}:*`);
      const stem = names[0]!.replace(/[tl]$/, '');
      return [`${stem}t`, `${stem}l`];
    }
  }

  /** Checks that every caller got the same error, and that it quotes no secret. */
  function failures(results: PromiseSettledResult<unknown>[], { code, coolMs, oauthError }: Failure): void {
    for (const result of results) {
      const error = (result as PromiseRejectedResult).reason as TokenSourceError & { code: string };
      expect({ status: result.status, code: error?.code, oauthError: error?.oauthError }).toEqual({
        status: 'rejected',
        code,
        oauthError,
      });
      expect(error.retryAfterMs).toBeGreaterThan(0);
      expect(error.retryAfterMs).toBeLessThanOrEqual(coolMs);
      keepsSecrets(`${inspect(error, { depth: Infinity, showHidden: true })} ${error.stack} ${JSON.stringify(error)}`);
    }
  }

  function oneToken(results: PromiseSettledResult<unknown>[]): void {
    const values = results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason));
    const bearers = values.map((value) => (value as { accessToken?: string }).accessToken);
    expect(new Set(bearers)).toEqual(new Set([expect.stringContaining(ACCESS_TOKEN)]));
    keepsSecrets(inspect(values, { depth: Infinity }) + JSON.stringify(values));
  }

  function keepsSecrets(text: string): void {
    for (const secret of [
      CLIENT_SECRET,
      ACCESS_TOKEN,
      NOISE,
      Buffer.from(`gateway:${CLIENT_SECRET}`).toString('base64'),
    ])
      expect(text.includes(secret)).toBe(false);
  }

  function printsNoSecret(): void {
    keepsSecrets(printed.flatMap(({ mock }) => mock.calls.map(([text]) => String(text))).join(''));
  }

  /** Checks that the fleet makes no further call until the cool-down ends, and that all callers get a token after it. */
  async function survives(what: string, expected: Failure, calls: () => number, mend: () => void): Promise<void> {
    for (const results of [await fleet.burst(), await fleet.burst()]) failures(results, expected);
    expect(calls()).toBe(expected.calls);
    expect(fleet.mints.count).toBe(expected.calls);
    const kept = await fleet.kept();
    expect(kept.tokenMs).toBe(-2);
    expect(kept.coolingMs).toBeGreaterThan(0);
    expect(kept.coolingMs).toBeLessThanOrEqual(expected.coolMs);
    expect(kept.recordMs).toBeGreaterThan(0);
    keepsSecrets(kept.text);

    mend();
    await fleet.pass(expected.coolMs);
    const mended = await fleet.burst();
    oneToken(mended);
    expect(fleet.mints.count).toBe(expected.calls + 1);
    printsNoSecret();
    recordEvidence({
      promises: [2, 5],
      fault: `the provider answers with ${what}`,
      mints: expected.calls,
      bound: expected.calls,
      errors: { [expected.code]: 2 * PROCESSES * CALLERS_EACH },
      seen: `${PROCESSES} processes, ${2 * PROCESSES * CALLERS_EACH} callers, cool-down of ${expected.coolMs} ms, then one mint`,
    });
  }

  it.each(REFUSALS)(
    'calls once per cool-down, or twice where the fault may be of one process, gives all callers the same error and recovers: %s',
    async (what, odd, expected) => {
      fleet = new Fleet(idp.url, HANGING.includes(odd) ? IMPATIENT_MS : undefined);
      idp.respond = odd;
      await survives(
        what,
        expected,
        () => idp.requests,
        () => (idp.respond = well),
      );
      expect(idp.requests).toBe(expected.calls + 1);
    },
  );

  it('calls twice per cool-down and gives all callers the same error while the certificate is not trusted', async () => {
    const untrusted = await OddIdp.startUntrusted();
    fleet = new Fleet(untrusted.url);
    try {
      for (const results of [await fleet.burst(), await fleet.burst()]) failures(results, unreachable);
      expect(fleet.mints.count).toBe(2);
      expect(untrusted.connections).toBe(2);
      expect(untrusted.requests).toBe(0);
      printsNoSecret();
      recordEvidence({
        promises: [2, 5],
        fault: 'the certificate of the provider is not trusted',
        mints: 2,
        bound: 2,
        errors: { TOKEN_SOURCE_UNAVAILABLE: 2 * PROCESSES * CALLERS_EACH },
        seen: 'a connection from each of two processes, and no request on them',
      });
    } finally {
      await untrusted.stop();
    }
  });

  it('calls twice per cool-down and gives all callers the same error while connections are refused', async () => {
    const gone = await OddIdp.start();
    await gone.stop();
    fleet = new Fleet(gone.url);
    for (const results of [await fleet.burst(), await fleet.burst()]) failures(results, unreachable);
    expect(fleet.mints.count).toBe(2);
    printsNoSecret();
    recordEvidence({
      promises: [2, 5],
      fault: 'the provider refuses connections',
      mints: 2,
      bound: 2,
      errors: { TOKEN_SOURCE_UNAVAILABLE: 2 * PROCESSES * CALLERS_EACH },
    });
  });

  it('doubles the cool-down with each failure in a row, up to its maximum', async () => {
    fleet = new Fleet(idp.url);
    idp.respond = answer(500);
    for (const coolMs of [TRANSIENT_MS, 2 * TRANSIENT_MS, 3 * TRANSIENT_MS, 3 * TRANSIENT_MS]) {
      failures(await fleet.burst(), unavailable(coolMs));
      const { coolingMs } = await fleet.kept();
      expect(coolingMs).toBeGreaterThan(coolMs - TRANSIENT_MS);
      await fleet.pass(coolMs);
    }
    expect(idp.requests).toBe(4);
  });

  it.each(LIVES)('shares one token and stores it no longer than it may be used: %s', async (what, fields, usableMs) => {
    fleet = new Fleet(idp.url);
    idp.respond = token(fields);
    const startedAt = performance.now();
    const results = await fleet.burst();
    const { tokenMs, recordMs } = await fleet.kept();
    const tookMs = performance.now() - startedAt;

    // Only a token whose life ends within the burst may be followed by another mint.
    const bound = 1 + Math.floor(tookMs / usableMs);
    expect(idp.requests).toBeLessThanOrEqual(bound);
    expect(fleet.mints.count).toBe(idp.requests);
    if (bound === 1) {
      oneToken(results);
      expect(tokenMs).toBeGreaterThan(Math.max(usableMs - tookMs - 1, 0));
    }
    expect(tokenMs).toBeLessThanOrEqual(usableMs);
    expect(recordMs).toBeGreaterThan(0);
    printsNoSecret();
    recordEvidence({
      promises: [2, 3],
      fault: `the provider answers with ${what}`,
      mints: idp.requests,
      bound,
      errors: {},
      seen: `${PROCESSES} processes, ${results.length} callers; the store keeps the token for at most ${usableMs} ms`,
    });
  });
});
