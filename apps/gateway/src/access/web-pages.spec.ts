import { writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '../config/load-config.js';
import { createGateway } from '../gateway.js';
import { capturedLog } from '../test/captured-log.js';
import { rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from '../test/token-endpoint.js';

describe('A web page', () => {
  let directory: TemporaryDirectory;
  let upstream: RecordingUpstream;
  let idp: TokenEndpoint;
  let app: NestFastifyApplication;
  let port: number;
  /** The gateway's own host and port. */
  let own: string;

  beforeAll(async () => {
    directory = temporaryDirectory();
    [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
    const client = { clientId: 'c', clientSecret: 's', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: idp.url, ...client };
    const integrations = { billing: { upstream: upstream.url, token } };
    const file = { integrations, store: 'memory', allowedHosts: ['Gateway.internal'] };
    writeFileSync(join(directory.path, 'gateway.yaml'), JSON.stringify(file));
    const config = loadConfig({ GATEWAY_CONFIG: 'gateway.yaml' }, directory.path);
    app = await createGateway(config, capturedLog().log);
    await app.listen(0, '127.0.0.1');
    ({ port } = app.getHttpServer().address() as AddressInfo);
    own = `127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await app?.close();
    await Promise.all([upstream.close(), idp.close()]);
    directory.remove();
  });
  beforeEach(() => upstream.reset());

  async function answer(target: string, fields: readonly string[], method = 'GET', version = 'HTTP/1.1') {
    const headers = fields.map((field) => field.replaceAll('OWN', own).replaceAll('PORT', `${port}`));
    const { status, text } = await rawRequest(port, [
      `${method} ${target} ${version}`,
      'Connection: close',
      ...(method === 'POST' ? ['Content-Length: 0'] : []),
      ...headers,
    ]);
    return [status, /"code":"(\w+)"/.exec(text)?.[1]];
  }

  const ROUTES = [
    ['GET', '/proxy/billing/x'],
    ['HEAD', '/proxy/billing/x'],
    ['OPTIONS', '/proxy/billing/x'],
    ['POST', '/proxy/billing/x'],
    ['GET', '/api/integrations'],
    ['POST', '/api/integrations/billing/purge'],
    ['GET', '/metrics'],
    ['GET', '/health'],
    ['GET', '/health/live'],
    ['GET', '/nowhere'],
  ] as const;

  it.each(ROUTES)('of another site gets nothing by %s %s', async (method, target) => {
    for (const fields of [
      ['Host: OWN', 'Sec-Fetch-Site: cross-site'],
      ['Host: OWN', 'Origin: https://evil.example'],
      ['Host: OWN', 'Origin: null'],
    ]) {
      expect((await answer(target, fields, method))[0]).toBe(403);
    }
    expect(upstream.seen).toEqual([]);
  });

  it.each(ROUTES)('whose name resolves to loopback gets nothing by %s %s', async (method, target) => {
    const fields = ['Host: rebind.example:PORT', 'Origin: http://rebind.example:PORT', 'Sec-Fetch-Site: same-origin'];

    expect((await answer(target, fields, method))[0]).toBe(421);
    expect(upstream.seen).toEqual([]);
  });

  it.each([
    ['another port of this machine', ['Host: OWN', 'Sec-Fetch-Site: same-site', 'Origin: http://127.0.0.1:1']],
    ['another port, in an old browser', ['Host: OWN', 'Origin: http://127.0.0.1:1']],
    ['another name of this machine', ['Host: OWN', 'Origin: http://localhost:PORT']],
    ['an origin that only begins like it', ['Host: OWN', 'Origin: http://OWN.evil.example']],
    ['an extension', ['Host: OWN', 'Origin: chrome-extension://abcdef']],
    ['a site that is given twice', ['Host: OWN', 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site']],
    ['a site that is not known', ['Host: OWN', 'Sec-Fetch-Site: elsewhere']],
  ])('gets nothing if it is of %s', async (_, fields) => {
    expect(await answer('/proxy/billing/x', fields)).toEqual([403, 'GATEWAY_ORIGIN_FOREIGN']);
  });

  it.each([
    'evil.example',
    'localhost.evil.example:PORT',
    '127.0.0.1.evil.example',
    'evil-localhost',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '2130706433',
    '127.1',
    'gateway.internal.evil.example',
  ])('gets nothing through the host %s', async (host) => {
    expect(await answer('/proxy/billing/x', [`Host: ${host}`])).toEqual([421, 'GATEWAY_HOST_FOREIGN']);
  });

  it.each([
    'OWN',
    'localhost',
    'LocalHost:PORT',
    'localhost.:PORT',
    'billing.localhost:1',
    '127.8.9.1',
    '[::1]:PORT',
    'gateway.internal',
    'GATEWAY.INTERNAL:80',
  ])('is not what a program is that calls the host %s', async (host) => {
    expect(await answer('/proxy/billing/x', [`Host: ${host}`])).toEqual([200, undefined]);
  });

  it.each([
    ['two', ['Host: OWN', 'Host: OWN']],
    ['two, of which one is foreign', ['Host: OWN', 'Host: evil.example']],
    ['a path', ['Host: OWN/..']],
    ['a space', ['Host: a b']],
    ['a user', ['Host: user@OWN']],
    ['a list', ['Host: OWN, evil.example']],
    ['an empty one', ['Host:']],
  ])('cannot confuse the gateway with %s as host', async (_, fields) => {
    expect(await answer('/proxy/billing/x', fields)).toEqual([400, 'GATEWAY_HOST_INVALID']);
  });

  it('cannot hide a host in the target', async () => {
    expect(await answer('http://evil.example/proxy/billing/x', ['Host: OWN'])).toEqual([421, 'GATEWAY_HOST_FOREIGN']);
    expect(await answer('http://a@localhost/proxy/billing/x', ['Host: OWN'])).toEqual([400, 'GATEWAY_HOST_INVALID']);
    expect(await answer('http://localhost/proxy/billing/x', ['Host: OWN'])).toEqual([200, undefined]);
  });

  it.each([
    ['a program', []],
    ['the address bar', ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate']],
    ["the gateway's own origin", ['Sec-Fetch-Site: same-origin', 'Origin: http://OWN']],
  ])('is not what %s is', async (_, fields) => {
    expect(await answer('/proxy/billing/x', ['Host: OWN', ...fields], 'POST')).toEqual([200, undefined]);
  });

  it('is not what a client of HTTP/1.0 is that sends no host', async () => {
    expect(await answer('/proxy/billing/x', [], 'GET', 'HTTP/1.0')).toEqual([200, undefined]);
  });

  it.each([
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'X-Secret'],
    ['Timing-Allow-Origin', '*'],
    ['Clear-Site-Data', '"cookies"'],
    ['Strict-Transport-Security', 'max-age=31536000'],
    ['Alt-Svc', 'h3=":443"'],
    ['Set-Cookie2', 'a=1'],
    ['Service-Worker-Allowed', '/'],
    ['NEL', '{"report_to":"a"}'],
    ['Report-To', '{"group":"a"}'],
  ])('is told nothing that the upstream says of its whole origin: %s', async (name, value) => {
    upstream.behave((_request, response) => response.writeHead(200, { [name]: value, 'x-end': 'kept' }).end());
    const response = await fetch(`http://${own}/proxy/billing/x`);

    expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get('x-end')).toBe('kept');
  });
});
