import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type RequestListener } from 'node:http';
import { join } from 'node:path';
import { recordEvidence, type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { RedisNames } from '../redis/redis-names.js';
import { moveClock } from '../redis/redis-system.spec-support.js';
import {
  ACCESS_TOKEN,
  answer,
  CLIENT_SECRET,
  NOISE,
  OddIdp,
  resetInBody,
  token,
  well,
} from './odd-idp.spec-support.js';

const PROCESSES = 4;
const CALLERS_EACH = 25;

interface Heard {
  readonly generation?: number;
  readonly code?: string;
  readonly oauthError?: string;
  readonly retryAfterMs?: number;
}

/** Answers, with the cool-down that the library's default policy gives each. */
const DAYS: [what: string, answer: RequestListener, code: string, coolMs: number, calls: number][] = [
  ['503 with Retry-After', answer(503, {}, { 'retry-after': '120' }), 'TOKEN_SOURCE_UNAVAILABLE', 120_000, 1],
  // The secret of one process may be out of date, until a second one is refused as well.
  ['401 invalid_client', answer(401, { error: 'invalid_client' }), 'TOKEN_SOURCE_REJECTED', 30_000, 2],
  [
    '429 with an absurd Retry-After',
    answer(429, {}, { 'retry-after': '999999' }),
    'TOKEN_SOURCE_UNAVAILABLE',
    3_600_000,
    1,
  ],
];

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('Four processes of the built library with clientCredentials(), while the identity provider fails', () => {
  let server: RedisServer;
  let client: Redis;
  let idp: OddIdp;
  let processes: ChildProcess[];
  let printed = '';
  let audience: string;
  let elapsedMs = 0;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.socketPath);
    idp = await OddIdp.start();
    processes = await Promise.all(Array.from({ length: PROCESSES }, start));
  });

  /** Gives each test an audience of its own, so that its tokens have a key of their own. */
  beforeEach(async () => {
    audience = randomUUID();
    printed = '';
    idp.requests = 0;
    await client.del('none', ...(await client.keys('shop:*')));
  });

  afterAll(async () => {
    await Promise.all((processes ?? []).map(stop));
    client?.disconnect();
    await idp?.stop();
    await server?.stop();
  });

  async function start(): Promise<ChildProcess> {
    const child = fork(join(__dirname, 'test', 'caller.mjs'), [server.socketPath, idp.url, CLIENT_SECRET], {
      execArgv: [],
      silent: true,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (printed += String(text)));
    await once(child, 'message');
    return child;
  }

  async function stop(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }

  async function burst(): Promise<Heard[]> {
    const answers = processes.map(async (child) => {
      child.send({ callers: CALLERS_EACH, audience, elapsedMs });
      const [heard] = (await once(child, 'message')) as [Heard[]];
      return heard;
    });
    return (await Promise.all(answers)).flat();
  }

  /** Makes `ms` pass in the store and in the processes. */
  async function pass(ms: number): Promise<void> {
    elapsedMs += ms;
    const [record] = await client.keys('shop:*:l');
    await moveClock(client, new RedisNames('shop').keys(record!.split(':')[2]!), ms);
  }

  it.each(DAYS)('ask no more often than needed during the cool-down and once after it: %s', async (...day) => {
    const [what, odd, code, coolMs, calls] = day;
    idp.respond = odd;
    const heard = [...(await burst()), ...(await burst())];
    expect(new Set(heard.map((one) => one.code))).toEqual(new Set([code]));
    for (const { retryAfterMs = 0 } of heard) {
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(coolMs);
    }
    expect(idp.requests).toBe(calls);

    idp.respond = well;
    await pass(coolMs);
    const generations = new Set((await burst()).map(({ generation }) => generation));
    expect(generations).toEqual(new Set([expect.any(Number)]));
    expect(idp.requests).toBe(calls + 1);
    for (const secret of [CLIENT_SECRET, ACCESS_TOKEN, NOISE]) expect(printed.includes(secret)).toBe(false);
    recordEvidence({
      promises: [2, 5],
      fault: `the provider answers with ${what}`,
      mints: calls,
      bound: calls,
      errors: { [code]: heard.length },
      seen: `${PROCESSES} processes of their own, ${heard.length} callers, ${calls} calls; one more after ${coolMs} ms for ${PROCESSES * CALLERS_EACH} callers`,
    });
  });

  it('make one call per cool-down for any number of callers while connections are reset', async () => {
    idp.respond = resetInBody;
    const startedAt = performance.now();
    const heard = [...(await burst()), ...(await burst()), ...(await burst())];
    const tookMs = performance.now() - startedAt;
    expect(new Set(heard.map(({ code }) => code))).toEqual(new Set(['TOKEN_SOURCE_UNAVAILABLE']));
    // The shortest cool-down is 100 ms, even with full jitter; two processes may ask before it binds the fleet.
    const bound = 2 * (1 + Math.floor(tookMs / 100));
    expect(idp.requests).toBeLessThanOrEqual(bound);
    recordEvidence({
      promises: [2, 5],
      fault: 'the provider resets connections within the body',
      mints: idp.requests,
      bound,
      errors: { TOKEN_SOURCE_UNAVAILABLE: heard.length },
      seen: `${PROCESSES} processes of their own, three bursts of ${PROCESSES * CALLERS_EACH} callers`,
    });
  });

  // A token of 1 s is over when its answer takes as long, as on a machine that is held up; `bad-days.spec` has it by a fake clock.
  it.each([2, 5])('share a token that lives for %i s instead of minting one per call', async (seconds) => {
    idp.respond = token({ expires_in: seconds });
    const startedAt = performance.now();
    const heard = [...(await burst()), ...(await burst()), ...(await burst())];
    const tookMs = performance.now() - startedAt;
    expect(heard.filter(({ code }) => code !== undefined)).toEqual([]);
    const bound = 1 + Math.floor(tookMs / (seconds * 900));
    expect(idp.requests).toBeLessThanOrEqual(bound);
    recordEvidence({
      promises: [2, 3],
      fault: `the provider's tokens live for ${seconds} s`,
      mints: idp.requests,
      bound,
      errors: {},
      seen: `${PROCESSES} processes of their own, three bursts of ${PROCESSES * CALLERS_EACH} callers`,
    });
  });
});
