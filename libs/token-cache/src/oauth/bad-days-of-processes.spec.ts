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

interface Day {
  readonly what: string;
  readonly answer: RequestListener;
  readonly code: string;
  /** By the library's default policy. */
  readonly coolMs: number;
  /** Of all processes within the cool-down. */
  readonly calls: number;
}

const DAYS: Day[] = [
  {
    what: '503 with Retry-After',
    answer: answer(503, {}, { 'retry-after': '120' }),
    code: 'TOKEN_SOURCE_UNAVAILABLE',
    coolMs: 120_000,
    calls: 1,
  },
  {
    what: '401 invalid_client, which may be the fault of one process',
    answer: answer(401, { error: 'invalid_client' }),
    code: 'TOKEN_SOURCE_REJECTED',
    coolMs: 30_000,
    calls: 2,
  },
  {
    what: '429 with an absurd Retry-After',
    answer: answer(429, {}, { 'retry-after': '999999' }),
    code: 'TOKEN_SOURCE_UNAVAILABLE',
    coolMs: 3_600_000,
    calls: 1,
  },
];

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('Four processes of the built library with clientCredentials(), while the identity provider fails', () => {
  let server: RedisServer;
  let client: Redis;
  let idp: OddIdp;
  let processes: ChildProcess[];
  let printed = '';
  let audience: string;
  /** What passes in the processes before the next burst. */
  let passMs = 0;

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
      child.send({ passMs, callers: CALLERS_EACH, audience });
      const [heard] = (await once(child, 'message')) as [Heard[]];
      return heard;
    });
    passMs = 0;
    return (await Promise.all(answers)).flat();
  }

  /** Makes `ms` pass in the store and in the processes. */
  async function pass(ms: number): Promise<void> {
    passMs = ms;
    const [record] = await client.keys('shop:*:l');
    await moveClock(client, new RedisNames('shop').keys(record!.split(':')[2]!), ms);
  }

  it.each(DAYS)('make $calls call(s) during the cool-down and one more after it: $what', async (day) => {
    const { what, code, coolMs, calls } = day;
    idp.respond = day.answer;
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
      seen: `${PROCESSES} processes of their own, ${heard.length} callers, ${calls} call(s); one more after ${coolMs} ms for ${PROCESSES * CALLERS_EACH} callers`,
    });
  });

  it('make at most two calls per cool-down for any number of callers while connections are reset', async () => {
    idp.respond = resetInBody;
    const startedAt = performance.now();
    const heard = [...(await burst()), ...(await burst()), ...(await burst())];
    const tookMs = performance.now() - startedAt;
    expect(new Set(heard.map(({ code }) => code))).toEqual(new Set(['TOKEN_SOURCE_UNAVAILABLE']));
    // The shortest cool-down is 100 ms, even with full jitter, and the fault may be of one process.
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

  it.each([1, 5])('share a token that lives for %i s instead of minting one per call', async (seconds) => {
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
