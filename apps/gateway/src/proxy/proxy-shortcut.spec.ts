import { waitFor } from '@mintonce/test-support';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GATEWAY_CONFIG } from '../config/gateway-config.token.js';
import { guardedGateway, type GuardedGateway, sha256 } from '../test/guarded-gateway.js';
import { type RawAnswer, rawRequest } from '../test/raw-request.js';
import { type GatewayRig, gatewayRig } from '../test/running-gateway.js';
import { tokenIssuer, type TokenIssuer } from '../test/token-issuer.js';
import { Upstreams } from './upstreams.js';

const KEY = 'mintonce_key-of-the-shop-0123456789';
const SHOP = `X-Api-Key: ${KEY}`;
const HOST = 'Host: 127.0.0.1';
const LENGTH = 'Content-Length: 4';
/** Fields of a line that differ from request to request, and the path, which no line has for the absolute form. */
const VARYING = new Set(['time', 'path', 'durationMs', 'tokenMs', 'upstreamMs', 'receivedBytes']);
/** The absolute form of a target is left to the router. */
const FORMS = ['', 'http://127.0.0.1'] as const;

describe('A request that is served before the router', () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    const access = {
      apiKeys: [{ id: 'shop', sha256: sha256(KEY), integrations: ['billing'], methods: ['GET', 'PUT'] }],
    };
    gateway = await guardedGateway({ access, operations: { port: 1 } });
  });
  afterAll(() => gateway?.stop());

  /** All that a request leaves behind. */
  async function traces(line: string, form: string, fields: readonly string[]): Promise<object> {
    const before = await counted();
    gateway.log.lines.length = 0;
    gateway.upstream.reset();
    const lines = [`${line.replace('/', `${form}/`)} HTTP/1.1`, 'Connection: close', 'X-Request-Id: a', ...fields];
    const { text } = await rawRequest(gateway.port, lines, fields.includes(LENGTH) ? 'body' : '');
    const log = await waitFor(() => gateway.log.lines.find(({ msg }) => msg === 'request' || msg === 'audit'));
    const seen = gateway.upstream.seen.map(({ method, url, headers, body }) => [method, url, headers, String(body)]);
    const told = Object.fromEntries(Object.entries(log).filter(([name]) => !VARYING.has(name)));
    return {
      text: text.replace(/\r\ndate: .*/i, ''),
      seen,
      told,
      counted: (await counted()).filter((line) => !before.includes(line)).map((line) => line.split(' ')[0]),
    };
  }

  /** The counters of requests and of refusals. */
  async function counted(): Promise<string[]> {
    const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    return text.split('\n').filter((line) => /^gateway_(requests|refusals)_total/.test(line));
  }

  it.each<[string, string[]]>([
    ['GET /proxy/billing/x?a=1', [HOST, SHOP]],
    ['GET /proxy/billing/a/../b', [HOST, SHOP]],
    ['GET /proxy/billing?a=%zz&b=%00', [HOST, SHOP]],
    ['GET /proxy/billing;a=1/x;b=2', [HOST, SHOP]],
    ['GET /proxy/billing\\x', [HOST, SHOP]],
    ['GET /proxy//billing', [HOST, SHOP]],
    ['GET /proxy/', [HOST, SHOP]],
    ['GET /proxy/?x', [HOST, SHOP]],
    ['GET /proxy/nobody/x', [HOST, SHOP]],
    ['GET /proxy/crm/x', [HOST, SHOP]],
    ['HEAD /proxy/billing/x', [HOST, SHOP]],
    ['PUT /proxy/billing/x', [HOST, SHOP, LENGTH]],
    ['PUT /proxy/billing/x', [HOST, SHOP, LENGTH, 'Expect: 100-continue']],
    ['PUT /proxy/crm/x', [HOST, SHOP, LENGTH]],
    ['POST /proxy/billing/x', [HOST, SHOP, LENGTH]],
    ['TRACE /proxy/billing/x', [HOST, SHOP]],
    ['OPTIONS /proxy/billing/x', [HOST, 'Origin: http://a.example', 'Access-Control-Request-Method: PUT']],
    ['GET /proxy/billing/x', [HOST, SHOP, 'Connection: upgrade', 'Upgrade: websocket']],
    ['GET /proxy/billing/x', [HOST, SHOP, SHOP]],
    ['GET /proxy/billing/x', [HOST]],
    ['GET /proxy/billing/x', [HOST, 'X-Api-Key: nobody']],
    ['GET /proxy/billing/x', [HOST, HOST, SHOP]],
    ['GET /proxy/billing/x', ['Host: a.example', SHOP]],
  ])('is answered, forwarded, counted and logged as one that the router has: %s %j', async (line, fields) => {
    const [plain, routed] = [await traces(line, FORMS[0], fields), await traces(line, FORMS[1], fields)];

    expect(plain).toEqual(routed);
    expect(plain).toMatchObject({ counted: [expect.stringContaining('_total{')] });
  });
});

describe('An error of the gateway itself', () => {
  let rig: GatewayRig;
  let issuer: TokenIssuer;
  beforeAll(async () => {
    [rig, issuer] = await Promise.all([gatewayRig(), tokenIssuer()]);
  });
  afterAll(async () => {
    await rig?.stop();
    await issuer?.close();
  });

  function broken(target: object, property: string): void {
    Object.defineProperty(target, property, {
      get: () => {
        throw new Error('sabotage');
      },
    });
  }

  describe.each<[string, (app: NestFastifyApplication) => void]>([
    ['before its caller is known', (app) => broken(app.get<object>(GATEWAY_CONFIG), 'access')],
    ['after its caller had to be waited for', (app) => broken(app.get<object>(GATEWAY_CONFIG), 'integrations')],
    ['when it is forwarded', (app) => broken(app.get(Upstreams), 'find')],
  ])('%s', (_when, sabotage) => {
    it.each(FORMS)('is answered with 500, is logged, and ends nothing else: %s/proxy/billing/x', async (form) => {
      const jwt = [{ issuer: issuer.url, allowInsecureRequests: true, audience: 'gateway', integrations: ['*'] }];
      const { app, url, log } = await rig.start({ store: 'memory', access: { jwt } });
      sabotage(app);
      const lines = [`GET ${form}/proxy/billing/x HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close'];
      const port = Number(new URL(url).port);
      const { status, text }: RawAnswer = await rawRequest(port, [
        ...lines,
        `Authorization: Bearer ${await issuer.sign()}`,
      ]);

      expect(status).toBe(500);
      expect(text).toContain('"code":"GATEWAY_INTERNAL"');
      expect(text).not.toContain('sabotage');
      expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', context: 'Gateway' }));
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
    });
  });
});
