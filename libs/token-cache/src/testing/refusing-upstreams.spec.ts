import { billingTokens, CredentialServer } from './credential-server.spec-support.js';
import { DOORS } from './doors.spec-support.js';
import { FakeTokenSource } from './fake-token-source.js';
import { PacedClock } from './paced-clock.spec-support.js';
import { type TokenClient } from '../core/token-client.js';

const REQUESTS = 30;
/** The pause between two requests: they take half as long as a caller waits before it sends a new token once more. */
const EVERY_MS = 20;

describe.each(Object.entries(DOORS))('Thirty requests with %s to an upstream that refuses tokens', (_door, send) => {
  let upstream: CredentialServer;
  let source: FakeTokenSource;
  let clock: PacedClock;
  let tokens: TokenClient;

  beforeEach(async () => {
    upstream = await CredentialServer.start();
    source = new FakeTokenSource('t');
    clock = new PacedClock();
    tokens = billingTokens(source, clock);
    clock.start();
  });

  afterEach(async () => {
    await tokens.close();
    clock.stop();
    upstream.stop();
  });

  /** Has the upstream refuse the requests of which this is true; gives the statuses that the callers got, by path. */
  async function statusesOf(isRefused: (path: string) => boolean, paths = ['ok']): Promise<Record<string, number[]>> {
    upstream.answer = ({ url = '' }, response) => {
      response.statusCode = isRefused(url.slice(1)) ? 401 : 200;
      response.end();
    };
    const statuses: Record<string, number[]> = {};
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < REQUESTS; call++) {
      const path = paths[call % paths.length]!;
      calls.push(send(tokens, upstream.url + path, {}).then((status) => (statuses[path] ??= []).push(status)));
      await clock.sleep(EVERY_MS);
    }
    await Promise.all(calls);
    return statuses;
  }

  it('in its first half a second cost one mint, and are all answered with 200', async () => {
    let firstAt: number | undefined;
    const statuses = await statusesOf(() => clock.monotonic() - (firstAt ??= clock.monotonic()) < 500);
    expect(statuses).toEqual({ ok: Array(REQUESTS).fill(200) });
    expect(source.calls).toHaveLength(1);
  });

  it('for ever cost at most three mints, and get its answer', async () => {
    expect(await statusesOf(() => true)).toEqual({ ok: Array(REQUESTS).fill(401) });
    expect(source.calls.length).toBeLessThanOrEqual(3);
  });

  it('by one path alone cost at most three mints, and disturb no other', async () => {
    const statuses = await statusesOf((path) => path === 'forbidden', ['forbidden', 'ok']);
    expect(statuses).toEqual({ forbidden: Array(REQUESTS / 2).fill(401), ok: Array(REQUESTS / 2).fill(200) });
    expect(upstream.seen.length).toBeLessThanOrEqual(2.5 * REQUESTS);
    expect(source.calls.length).toBeLessThanOrEqual(3);
  });
});
