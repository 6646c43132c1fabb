import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { makeKey } from '../access/make-key.js';
import { ConfigError } from '../config/config.error.js';
import { gatewayRig, type GatewayRig, type RunningGateway } from '../test/running-gateway.js';
import { tokenIssuer, type TokenIssuer } from '../test/token-issuer.js';
import { Reload } from './reload.js';

const [shop, crm] = [makeKey(), makeKey()];
const SHOP = { id: 'shop', sha256: shop.sha256, integrations: ['billing'] };
const CRM = { id: 'crm', sha256: crm.sha256, integrations: ['*'] };
const byKey = (...apiKeys: object[]) => ({ access: { apiKeys } });

describe('A changed configuration of who may call', () => {
  let rig: GatewayRig;
  let gateway: RunningGateway;
  let issuer: TokenIssuer | undefined;

  beforeEach(async () => {
    rig = await gatewayRig();
  });
  afterEach(async () => {
    await rig.stop();
    await issuer?.close();
    issuer = undefined;
  });

  const start = async (sections: object) => {
    gateway = await rig.start({ store: 'memory', ...sections });
  };
  const take = (sections: object) => gateway.app.get(Reload).take(rig.load({ store: 'memory', ...sections }));
  const call = async (key?: string, path = '/proxy/billing/x', init: RequestInit = {}) =>
    (await fetch(`${gateway.url}${path}`, { ...init, headers: key === undefined ? {} : { 'x-api-key': key } })).status;

  it('lets a new key in, and an old one no longer, without a restart', async () => {
    await start(byKey(SHOP));
    expect([await call(shop.key), await call(crm.key)]).toEqual([200, 401]);
    expect(take(byKey(CRM))).toEqual([]);

    expect([await call(shop.key), await call(crm.key)]).toEqual([401, 200]);
  });

  it('counts for the next request of a connection that is open', async () => {
    await start(byKey(SHOP));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const onTheConnection = async () => {
      const sent = request(`${gateway.url}/proxy/billing/x`, { agent, headers: { 'x-api-key': shop.key } }).end();
      const [answer] = (await once(sent, 'response')) as [{ statusCode: number } & NodeJS.ReadableStream];
      await text(answer);
      return [answer.statusCode, sent.reusedSocket];
    };
    expect(await onTheConnection()).toEqual([200, false]);
    take(byKey(CRM));

    expect(await onTheConnection()).toEqual([401, true]);
    agent.destroy();
  });

  it.each<[string, object, string, RequestInit, number]>([
    ['fewer integrations', { integrations: ['crm'] }, '/proxy/billing/x', {}, 403],
    ['other methods', { methods: ['POST'] }, '/proxy/billing/x', {}, 403],
    ['other paths', { paths: ['/y'] }, '/proxy/billing/x', {}, 403],
    ['a purge', { purge: true }, '/api/integrations/billing/purge', { method: 'POST' }, 204],
    ['the token', { token: true }, '/token/billing', { method: 'POST' }, 200],
  ])('grants %s', async (_, change, path, init, status) => {
    const { integrations } = rig.load().file;
    const sections = { integrations: { ...integrations, crm: integrations['billing'] } };
    await start({ ...sections, ...byKey(SHOP) });
    const before = await call(shop.key, path, init);
    take({ ...sections, ...byKey({ ...SHOP, ...change }) });

    expect([before, await call(shop.key, path, init)]).toEqual([status === 403 ? 200 : 403, status]);
  });

  it('lets callers of another issuer in, and keeps the keys of one that stays and is down', async () => {
    issuer = await tokenIssuer();
    const other = await tokenIssuer();
    const rule = (url: string) => ({
      issuer: url,
      audience: 'gateway',
      integrations: ['*'],
      allowInsecureRequests: true,
    });
    const withToken = async (from: TokenIssuer) => {
      const headers = { authorization: `Bearer ${await from.sign()}` };
      return (await fetch(`${gateway.url}/proxy/billing/x`, { headers })).status;
    };
    await start({ access: { jwt: [rule(issuer.url)] } });
    expect([await withToken(issuer), await withToken(other)]).toEqual([200, 401]);
    issuer.isUp = false;
    take({ access: { jwt: [rule(other.url), rule(issuer.url)] } });

    expect([await withToken(issuer), await withToken(other)]).toEqual([200, 200]);
    take({ access: { jwt: [rule(other.url)] } });
    expect([await withToken(issuer), await withToken(other)]).toEqual([401, 200]);
    await other.close();
  });

  it.each<[string, (limits: object) => object]>([
    ['of all integrations', (limits) => ({ limits })],
    [
      'of one integration',
      (limits) => ({ integrations: { billing: { ...rig.load().file.integrations['billing'], limits } } }),
    ],
  ])('limits callers anew: the number in flight %s', async (_, sections) => {
    await start({ ...byKey(SHOP), ...sections({ concurrency: 1 }) });
    const release: (() => void)[] = [];
    rig.upstream.behave((_request, response) => void release.push(() => response.end('late')));
    const first = call(shop.key);
    await waitFor(() => release.length === 1);
    expect(await call(shop.key)).toBe(429);
    take({ ...byKey(SHOP), ...sections({ concurrency: 2 }) });
    const second = call(shop.key);
    await waitFor(() => release.length === 2);

    // The request of before the change counts.
    expect(await call(shop.key)).toBe(429);
    release.forEach((answer) => answer());
    expect(await Promise.all([first, second])).toEqual([200, 200]);
  });

  it('limits callers anew: the number in a second, which what has not changed goes on counting', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
    await start({ ...byKey(SHOP), limits: { requestsPerSecond: 2 } });
    expect([await call(shop.key), await call(shop.key)]).toEqual([200, 200]);
    take({ ...byKey(SHOP), limits: { requestsPerSecond: 2 } });
    expect(await call(shop.key)).toBe(429);
    take({ ...byKey(SHOP), limits: { requestsPerSecond: 3 } });
    expect(await call(shop.key)).toBe(200);
    take(byKey(SHOP));
    expect(new Set(await Promise.all(Array.from({ length: 9 }, () => call(shop.key))))).toEqual(new Set([200]));
    now.mockRestore();
  });

  it('shows what tells of all integrations to those alone who may use the new ones as well', async () => {
    const { integrations } = rig.load().file;
    await start(byKey(SHOP));
    expect(await call(shop.key, '/metrics')).toBe(200);
    take({ integrations: { ...integrations, crm: integrations['billing'] }, ...byKey(SHOP) });

    expect(await call(shop.key, '/metrics')).toBe(403);
  });

  it('asks for a credential where none was asked for, and the other way round on this machine', async () => {
    await start({});
    expect(await call()).toBe(200);
    take(byKey(SHOP));
    expect([await call(), await call(shop.key)]).toEqual([401, 200]);
    take({});
    expect(await call()).toBe(200);
  });

  it('opens no door beyond loopback, although the file has another one by now', async () => {
    await start({ ...byKey(SHOP), listen: { host: '0.0.0.0' } });

    expect(() => take({ listen: { host: '127.0.0.1' } })).toThrow('access: must say who may call');
    expect([await call(), await call(shop.key)]).toEqual([401, 200]);
  });

  it.each([
    ['access.apiKeys.0.sha256', byKey({ ...SHOP, sha256: 'abc' })],
    ['access.apiKeys.0.integrations.0', byKey({ ...SHOP, integrations: ['nobody'] })],
    ['access: names nobody', byKey()],
    ['access.jwt.0.issuer', { access: { jwt: [{ issuer: 'http://a.example', audience: 'a', integrations: ['*'] }] } }],
    ['limits.concurrency', { ...byKey(CRM), limits: { concurrency: 0 } }],
    ['policy.leaseMs', { ...byKey(CRM), policy: { leaseMs: 0 } }],
  ])('changes nothing if it is wrong in %s', async (field, sections) => {
    await start(byKey(SHOP));
    expect(() => take(sections)).toThrow(ConfigError);
    expect(() => take(sections)).toThrow(field);

    expect([await call(shop.key), await call(crm.key)]).toEqual([200, 401]);
  });
});
