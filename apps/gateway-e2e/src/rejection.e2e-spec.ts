import { setTimeout as sleep } from 'node:timers/promises';
import { recordEvidence, waitFor } from '@mintonce/test-support';
import { type Fleet, startFleet } from './fleet.js';
import { type Answer, burst, get, statuses, steadyLoad } from './load.js';

describe('An upstream that refuses tokens, behind the gateway under PM2 with four workers on SQLite', () => {
  let fleet: Fleet;
  let ok: string;
  let forbidden: string;

  beforeAll(async () => {
    fleet = await startFleet({ store: 'sqlite' });
    ok = `${fleet.url}/proxy/demo/echo`;
    forbidden = `${fleet.url}/proxy/demo/status/401`;
  });
  afterAll(() => fleet?.stop());

  beforeEach(async () => {
    await fleet.idp.reset();
    const { status } = await fetch(`${fleet.url}/api/integrations/demo/purge`, { method: 'POST' });
    expect(status).toBe(204);
  });

  const mints = async (): Promise<number> => (await fleet.idp.stats()).tokenCalls;

  /** Thirty requests, a tenth of a second apart. */
  async function steadily(url: (index: number) => string): Promise<Answer[]> {
    const answers: Promise<Answer>[] = [];
    for (let index = 0; index < 30; index++) {
      answers.push(get(url(index)));
      await sleep(100);
    }
    return Promise.all(answers);
  }

  it('costs at most 5 mints in 3 s when it refuses every token', async () => {
    expect(statuses(await steadily(() => forbidden))).toEqual({ 401: 30 });
    expect(await mints()).toBeLessThanOrEqual(5);
    recordEvidence({
      promises: [2],
      fault: 'the upstream refuses every token for 3 s',
      mints: await mints(),
      bound: 5,
    });
  });

  it('costs at most 3 mints when it refuses one path only, and another path is not disturbed', async () => {
    const answers = await steadily((index) => (index % 2 ? forbidden : ok));

    expect(statuses(answers.filter((_, index) => index % 2))).toEqual({ 401: 15 });
    expect(statuses(answers.filter((_, index) => index % 2 === 0))).toEqual({ 200: 15 });
    expect(await mints()).toBeLessThanOrEqual(3);
    recordEvidence({ promises: [2], fault: 'the upstream refuses one path', mints: await mints(), bound: 3 });
  });

  it('costs one mint when it refuses a token under load, and every request ends well', async () => {
    expect(statuses(await burst(ok, 50))).toEqual({ 200: 50 });
    const load = steadyLoad(ok, 8);
    const more = (count: number): Promise<unknown> => {
      const from = load.answers.length;
      return waitFor(() => load.answers.length > from + count);
    };
    await more(100);
    await fleet.idp.revokeAll();
    await more(500);
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
    expect(await mints()).toBe(2);
    recordEvidence({
      promises: [2, 3],
      fault: 'the token is revoked under load',
      mints: 2,
      bound: 2,
      errors: {},
      seen: `${load.answers.length} requests`,
    });
  });
});
