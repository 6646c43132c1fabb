import { waitFor } from '@mintonce/test-support';
import { Logger } from '@nestjs/common';
import { gatewayRig, type GatewayRig } from '../test/running-gateway.js';
import { Reload } from '../reload/reload.js';
import { checkConfig } from '../check-config.js';
import { fieldsInTheClear } from './warn-of-plain-http.js';

/** On this machine, and not one of the addresses that can be nowhere else. */
const beyond = (url: string): string => url.replace('127.0.0.1', '0.0.0.0');

describe('Plain http beyond this machine', () => {
  let rig: GatewayRig;
  let warnings: string[];

  beforeEach(async () => {
    rig = await gatewayRig();
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rig.stop();
  });

  const sections = (integration: object, token: object = {}, more: object = {}) => ({
    integrations: {
      billing: {
        upstream: rig.upstream.url,
        ...integration,
        token: {
          ...{ grant: 'client_credentials', clientId: 'gateway', clientSecret: 's', allowInsecureRequests: true },
          ...('issuer' in token ? {} : { tokenEndpoint: rig.idp.url }),
          ...token,
        },
      },
    },
    ...more,
  });
  /** What is checked at the start. */
  const check = async (sectionsOf: object) => {
    rig.file('gateway.yaml', JSON.stringify(sectionsOf));
    return checkConfig({ GATEWAY_CONFIG: rig.path('gateway.yaml') }, '/');
  };
  const jwt = (fields: object) => ({
    access: { jwt: [{ audience: 'gateway', integrations: ['billing'], ...fields }] },
  });

  it.each<[string, (allowed: object) => object]>([
    ['integrations.billing.upstream', (allowed) => sections({ upstream: 'http://billing.example', ...allowed })],
    ['integrations.billing.upstream', (allowed) => sections({ upstream: 'HTTP://billing.example', ...allowed })],
    ['integrations.billing.token.issuer', (allowed) => sections({}, { issuer: 'http://idp.example', ...allowed })],
    [
      'integrations.billing.token.tokenEndpoint',
      (allowed) => sections({}, { tokenEndpoint: 'http://idp.example/token', ...allowed }),
    ],
    ['access.jwt.0.issuer', (allowed) => sections({}, {}, jwt({ issuer: 'http://idp.example', ...allowed }))],
    [
      'access.jwt.0.jwksUri',
      (allowed) => sections({}, {}, jwt({ issuer: 'https://a.example', jwksUri: 'http://a.example', ...allowed })),
    ],
  ])('is refused for %s without allowPlainHttp', async (field, sectionsWith) => {
    await expect(check(sectionsWith({}))).rejects.toThrow(`${field}: must be https`);
    await expect(check(sectionsWith({ allowPlainHttp: false }))).rejects.toThrow(`${field}: must be https`);

    expect(fieldsInTheClear(await check(sectionsWith({ allowPlainHttp: true })))).toEqual([field]);
  });

  it('carries the requests to an upstream and to an identity provider that are allowed to be there, and is told at the start', async () => {
    const allowed = { allowPlainHttp: true };
    const token = { tokenEndpoint: beyond(rig.idp.url), ...allowed };
    const gateway = await rig.start(sections({ upstream: beyond(rig.upstream.url), ...allowed }, token));

    expect(await gateway.call()).toBe(200);
    expect(rig.upstream.seen.at(-1)?.headers.authorization).toBe('Bearer token-1');
    expect(warnings).toEqual([
      expect.stringContaining('integrations.billing.upstream, integrations.billing.token.tokenEndpoint.'),
    ]);
  });

  it('is allowed for nothing else of the same integration', async () => {
    const upstream = { upstream: 'http://billing.example', allowPlainHttp: true };
    const token = { tokenEndpoint: 'http://idp.example/token' };

    await expect(check(sections(upstream, token))).rejects.toThrow('token.tokenEndpoint: must be https');
    await expect(
      check(sections({ ...upstream, allowPlainHttp: false }, { ...token, allowPlainHttp: true })),
    ).rejects.toThrow('integrations.billing.upstream: must be https');
  });

  it('is told again when a changed configuration uses it', async () => {
    const gateway = await rig.start();
    expect(warnings).toEqual([]);
    gateway.app.get(Reload).take(rig.load(sections({ upstream: beyond(rig.upstream.url), allowPlainHttp: true })));

    expect(warnings).toEqual([expect.stringContaining('integrations.billing.upstream')]);
    await waitFor(async () => (await gateway.call()) === 200);
  });

  it('of this machine needs no such option, and is not told', async () => {
    const gateway = await rig.start();

    expect(await gateway.call()).toBe(200);
    expect(warnings).toEqual([]);
  });
});
