import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@mintonce/test-support';
import { type Answered, type RefusingUpstream, refusingUpstream } from '../test/refusing-upstream.js';

/** Longer than any test: rejected tokens are replaced once. */
const ONE_PACE = { rejection: { paceMs: 600_000, maxPaceMs: 600_000 } };
/** Longer than the bodies that are kept. */
const LONG_BODY = Buffer.alloc(100_000);

describe('An upstream that refuses tokens', () => {
  let rig: RefusingUpstream;

  afterEach(() => rig?.close());

  async function start(policy = {}): Promise<void> {
    rig = await refusingUpstream(policy);
  }

  /** Thirty requests, a tenth of a second apart. */
  async function steadily(path: (index: number) => string = () => '/x'): Promise<Answered[]> {
    const answers: Promise<Answered>[] = [];
    for (let index = 0; index < 30; index++) {
      answers.push(rig.get(path(index)));
      await sleep(100);
    }
    return Promise.all(answers);
  }

  async function times(count: number, call: () => Promise<Answered>): Promise<number[]> {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) statuses.push((await call()).status);
    return statuses;
  }

  function each(answers: readonly Answered[]): Set<number> {
    return new Set(answers.map(({ status }) => status));
  }

  it('costs no mint when a replica of it learns of a new token late, and every request is answered with 200', async () => {
    await start();
    let knownAt: number | undefined;
    rig.refuse(() => Date.now() < (knownAt ??= Date.now() + 900));

    expect(each(await steadily())).toEqual(new Set([200]));
    expect(rig.mints).toBe(1);
  });

  it('costs at most 5 mints in 3 s when it refuses every token, and callers get its 401', async () => {
    await start();
    rig.refuse(() => true);

    expect(each(await steadily())).toEqual(new Set([401]));
    expect(rig.mints).toBeLessThanOrEqual(5);
  });

  it.each([
    [401, 'Bearer error="insufficient_scope", scope="write"'],
    [403, 'bearer realm="a, b",ERROR=insufficient_scope'],
    [401, ['Basic realm="x"', 'Bearer error="invalid_request"']],
  ])('costs no mint when its challenge of a %i says that the fault is another: %s', async (status, challenge) => {
    await start({ renewOn: [401, 403] });
    rig.refuse(() => true);
    rig.refuseWith((_request, response) => response.writeHead(status, { 'www-authenticate': challenge }).end());
    const answers = await Promise.all(Array.from({ length: 30 }, () => rig.get()));

    expect(each(answers)).toEqual(new Set([status]));
    expect(answers[0]?.headers['www-authenticate']).toBe([challenge].flat().join(', '));
    expect([rig.tokens.length, rig.mints]).toEqual([30, 1]);
  });

  it('costs at most 3 mints when it refuses one path only, and requests to another path are sent once', async () => {
    await start();
    rig.refuse((_token, request) => request.url === '/forbidden');
    const answers = await steadily((index) => (index % 2 ? '/forbidden' : '/ok'));

    expect(each(answers.filter((_, index) => index % 2))).toEqual(new Set([401]));
    expect(each(answers.filter((_, index) => index % 2 === 0))).toEqual(new Set([200]));
    expect(rig.upstream.seen.filter(({ url }) => url === '/ok')).toHaveLength(15);
    expect(rig.mints).toBeLessThanOrEqual(3);
  });

  it('costs one mint per pace when bodies are too long to be sent again', async () => {
    await start(ONE_PACE);
    rig.refuse(() => true);

    expect(new Set(await times(100, () => rig.post(LONG_BODY)))).toEqual(new Set([401]));
    expect(rig.mints).toBe(2);
  });

  it('costs one mint per pace when several callers send long bodies at once', async () => {
    await start(ONE_PACE);
    rig.refuse(() => true);
    const statuses = await Promise.all(Array.from({ length: 4 }, () => times(50, () => rig.post(LONG_BODY))));

    expect(new Set(statuses.flat())).toEqual(new Set([401]));
    expect(rig.mints).toBe(2);
  });

  it('costs no mint when it breaks off every request that is sent again', async () => {
    await start(ONE_PACE);
    const known = new Set<unknown>();
    rig.refuse(() => true);
    rig.refuseWith((request, response) => {
      const id = request.headers['x-request-id'];
      if (known.has(id)) response.destroy();
      else response.writeHead(401).end();
      known.add(id);
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => rig.get()));

    expect(each(answers)).toEqual(new Set([502]));
    expect(rig.mints).toBe(1);
  });

  it('costs one mint per pace when it breaks off what is sent with the new token', async () => {
    await start(ONE_PACE);
    await rig.get();
    rig.refuse(() => true);
    rig.refuseWith((request, response) => {
      if (request.headers.authorization === 'Bearer token-1') response.writeHead(401).end();
      else response.destroy();
    });
    const statuses = await times(50, () => rig.get());

    expect(new Set(statuses)).toEqual(new Set([502]));
    expect(rig.mints).toBe(2);
  });

  it('costs one mint when it refuses the token under load, and every request with a short body is answered with 200', async () => {
    await start();
    await rig.get();
    let isOver = false;
    const load = Array.from({ length: 20 }, async (_, caller) => {
      const statuses: number[] = [];
      while (!isOver) statuses.push((await (caller % 2 ? rig.get() : rig.post('body'))).status);
      return statuses;
    });
    await waitFor(() => rig.upstream.seen.length > 100);
    rig.refuse((token) => token === 1);
    await waitFor(() => rig.tokens.includes('token-2'));
    isOver = true;

    expect(new Set((await Promise.all(load)).flat())).toEqual(new Set([200]));
    expect(rig.mints).toBe(2);
  });

  it('gets a new token for a revoked one although a burst of requests to a forbidden path came before', async () => {
    await start();
    await rig.get('/ok');
    rig.refuse((_token, request) => request.url === '/forbidden');
    await Promise.all(Array.from({ length: 50 }, () => rig.get('/forbidden')));
    expect(await rig.get('/ok')).toMatchObject({ status: 200, body: 'token-2' });
    rig.refuse((token, request) => token <= 2 || request.url === '/forbidden');

    await waitFor(async () => (await rig.get('/ok')).status === 200, { timeoutMs: 20_000, intervalMs: 100 });
    expect(rig.mints).toBe(3);
  });
});
