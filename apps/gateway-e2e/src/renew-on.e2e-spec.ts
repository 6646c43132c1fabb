import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordEvidence, waitFor } from '@mintonce/test-support';
import { type Fleet, startFleet } from './fleet.js';
import { type Answer, burst, get, statuses, steadyLoad } from './load.js';

/** How an upstream refuses a token; undefined if it takes it. */
type Refusal = (asked: { readonly isNew: boolean; readonly isRevoked: boolean }) => number | undefined;

const NEW_FOR_MS = 1_000;

describe('An upstream that refuses tokens with 401 and 403, behind four workers under PM2 with renewOn [401, 403]', () => {
  let fleet: Fleet;
  let upstream: Server;
  let url: string;
  let refusal: Refusal;
  let challenge: string | undefined;
  let firstSeenAt: Map<string, number>;
  let revoked: Set<string>;

  beforeAll(async () => {
    upstream = createServer(({ headers: { authorization = '' } }, response) => {
      const now = performance.now();
      firstSeenAt.set(authorization, firstSeenAt.get(authorization) ?? now);
      const isNew = now - firstSeenAt.get(authorization)! < NEW_FOR_MS;
      const status = refusal({ isNew, isRevoked: revoked.has(authorization) });
      response.writeHead(status ?? 200, status && challenge ? { 'www-authenticate': challenge } : {}).end();
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    fleet = await startFleet({
      store: 'sqlite',
      policy: { renewOn: [401, 403] },
      via: async (to, own) => (to === 'upstream' ? port : own),
    });
    url = `${fleet.url}/proxy/demo/x`;
  });
  afterAll(async () => {
    await fleet?.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  beforeEach(async () => {
    refusal = () => undefined;
    challenge = undefined;
    firstSeenAt = new Map();
    revoked = new Set();
    await fleet.idp.reset();
    const { status } = await fetch(`${fleet.url}/api/integrations/demo/purge`, { method: 'POST' });
    expect(status).toBe(204);
  });

  const mints = async (): Promise<number> => (await fleet.idp.stats()).tokenCalls;

  /** Requests a tenth of a second apart. */
  async function steadily(count: number): Promise<Answer[]> {
    const answers: Promise<Answer>[] = [];
    for (let index = 0; index < count; index++) {
      answers.push(get(url));
      await sleep(100);
    }
    return Promise.all(answers);
  }

  it.each([401, 403])('costs at most 3 mints when it answers %i to a token in its first second', async (status) => {
    refusal = ({ isNew }) => (isNew ? status : undefined);

    expect(statuses(await steadily(30))).toEqual({ 200: 30 });
    expect(await mints()).toBeLessThanOrEqual(3);
    recordEvidence({
      promises: [2],
      fault: `the upstream answers ${status} to new tokens`,
      mints: await mints(),
      bound: 3,
    });
  });

  it('costs at most 5 mints in 3 s when it answers 403 for ever', async () => {
    refusal = () => 403;

    expect(statuses(await steadily(30))).toEqual({ 403: 30 });
    expect(await mints()).toBeLessThanOrEqual(5);
    recordEvidence({ promises: [2], fault: 'the upstream answers 403 for 3 s', mints: await mints(), bound: 5 });
  });

  it.each([
    [401, 'insufficient_scope'],
    [403, 'insufficient_scope'],
    [401, 'invalid_request'],
    [403, 'invalid_request'],
  ])('costs one mint when it answers %i with the error %s for ever', async (status, error) => {
    refusal = () => status;
    challenge = `Bearer error="${error}"`;

    // The first of them would cost another mint already.
    expect(statuses(await steadily(5))).toEqual({ [status]: 5 });
    expect(await mints()).toBe(1);
  });

  it('costs one mint when it answers 403 for a revoked token under load, and every request ends well', async () => {
    refusal = ({ isRevoked }) => (isRevoked ? 403 : undefined);
    expect(statuses(await burst(url, 50))).toEqual({ 200: 50 });
    const load = steadyLoad(url, 8);
    const more = (count: number): Promise<unknown> => {
      const from = load.answers.length;
      return waitFor(() => load.answers.length > from + count);
    };
    await more(100);
    revoked = new Set(firstSeenAt.keys());
    await more(500);
    await load.stop();

    expect(load.errors).toEqual([]);
    expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
    expect(await mints()).toBe(2);
    recordEvidence({
      promises: [2, 3],
      fault: 'the token is refused with 403 under load',
      mints: 2,
      bound: 2,
      errors: {},
    });
  });
});
