import { waitFor } from '@mintonce/test-support';
import { ConfigError } from '../config/config.error.js';
import { gatewayRig, type GatewayRig, type RunningGateway } from '../test/running-gateway.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';
import { Reload } from './reload.js';

describe('Reload', () => {
  let rig: GatewayRig;
  let gateway: RunningGateway;
  let other: RecordingUpstream;

  beforeEach(async () => {
    [rig, other] = await Promise.all([gatewayRig(), recordingUpstream()]);
    gateway = await rig.start();
  });
  afterEach(async () => {
    await rig.stop();
    await other.close();
  });

  const take = (sections: object) => gateway.app.get(Reload).take(rig.load(sections));
  const token = (changes: object = {}) => ({
    ...{ grant: 'client_credentials', tokenEndpoint: rig.idp.url, clientId: 'gateway' },
    ...{ clientSecret: 'file:secret', allowInsecureRequests: true, ...changes },
  });
  const billing = (changes: object = {}) => ({ upstream: rig.upstream.url, token: token(), ...changes });
  const status = async (path: string) => (await fetch(`${gateway.url}${path}`)).status;
  const names = async () =>
    ((await (await fetch(`${gateway.url}/api/integrations`)).json()) as { name: string }[]).map(({ name }) => name);

  it('adds an integration and takes one away, in every place', async () => {
    expect(await status('/proxy/crm/x')).toBe(404);
    expect(take({ integrations: { crm: billing() } })).toEqual([]);

    expect(await status('/proxy/crm/x')).toBe(200);
    expect(await status('/proxy/billing/x')).toBe(404);
    expect(await names()).toEqual(['crm']);
    const health: unknown = await (await fetch(`${gateway.url}/health`)).json();
    expect(health).toMatchObject({ details: { tokens: { integrations: { crm: { state: 'valid' } } } } });
    expect(health).not.toMatchObject({ details: { tokens: { integrations: { billing: {} } } } });
  });

  it('leads the requests to another upstream, with the token that is there', async () => {
    await gateway.call();
    take({ integrations: { billing: billing({ upstream: other.url }) } });
    expect(await gateway.call()).toBe(200);

    expect(other.seen).toHaveLength(1);
    expect(rig.idp.seen).toHaveLength(1);
  });

  it('asks for a new token when another client is configured', async () => {
    await gateway.call();
    take({ integrations: { billing: billing({ token: token({ clientId: 'other' }) }) } });
    await gateway.call();

    expect(rig.idp.seen).toHaveLength(2);
  });

  it('takes another policy and another form of the credential', async () => {
    take({ policy: { renewOn: [403] }, integrations: { billing: billing({ credential: 'X-Api-Token: {token}' }) } });
    await gateway.call();

    expect(rig.upstream.seen.at(-1)?.headers).toMatchObject({ 'x-api-token': 'token-1' });
  });

  it('keeps the connections to an upstream that has not changed', async () => {
    let sockets = 0;
    rig.upstream.server.on('connection', () => sockets++);
    take({ integrations: { billing: billing() } });
    await gateway.call();
    take({ integrations: { billing: billing(), crm: billing({ upstream: other.url }) } });
    await gateway.call();

    expect(sockets).toBe(1);
  });

  it('lets a request to an integration that is gone end', async () => {
    let release = (): void => {};
    rig.upstream.behave((_request, response) => (release = () => response.end('late')));
    const late = fetch(`${gateway.url}/proxy/billing/late`);
    await waitFor(() => rig.upstream.seen.at(-1)?.url === '/late');
    take({ integrations: { crm: billing({ upstream: other.url }) } });
    release();

    expect(await (await late).text()).toBe('late');
  });

  it.each<[string, (rig: GatewayRig) => object]>([
    ['integrations.billing.policy.leaseMs', () => ({ integrations: { billing: billing({ policy: { leaseMs: 0 } }) } })],
    ['policy.leaseMs', () => ({ policy: { leaseMs: 0 }, integrations: { crm: billing() } })],
    [
      'integrations.crm.token.tokenEndpoint',
      () => ({ integrations: { crm: billing({ token: token({ issuer: 'https://a' }) }) } }),
    ],
    [
      'integrations.crm.token.clientSecret',
      () => ({ integrations: { crm: billing({ token: token({ clientSecret: 'file:no' }) }) } }),
    ],
    ['integrations.crm.upstream', () => ({ integrations: { crm: billing({ upstream: 'http://a.example' }) } })],
    ['integrations: must name', () => ({ integrations: {} })],
  ])('changes nothing for a configuration that is wrong in %s', async (field, sections) => {
    expect(() => take(sections(rig))).toThrow(field);
    expect(() => take(sections(rig))).toThrow(ConfigError);

    expect(await names()).toEqual(['billing']);
    expect(await gateway.call()).toBe(200);
  });

  it('names what needs a restart, each time until it is as it was', () => {
    const integrations = { billing: billing() };
    const sections = { store: 'memory', limits: { inFlight: 7 }, policy: { nearCache: false } };

    expect(take({ ...sections, integrations })).toEqual(['store', 'limits.inFlight', 'policy.nearCache']);
    expect(take({ ...sections, integrations })).toEqual(['store', 'limits.inFlight', 'policy.nearCache']);
    expect(take({ integrations })).toEqual([]);
  });

  it('fails no request while the configuration changes', async () => {
    const statuses = new Set<number>();
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) statuses.add(await gateway.call());
    });
    for (let i = 0; i < 20; i++) {
      const upstream = i % 2 ? other.url : rig.upstream.url;
      take({ integrations: { billing: billing({ upstream, token: token({ clientId: `client-${i % 3}` }) }) } });
      const known = rig.upstream.seen.length + other.seen.length;
      await waitFor(() => rig.upstream.seen.length + other.seen.length > known + 4);
    }
    isOver = true;
    await Promise.all(callers);

    expect([...statuses]).toEqual([200]);
  });
});
