import { type Counter, register } from 'prom-client';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawGet } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

/** What the upstream sends: `ORIGIN` stands for its own origin, `HOST` for its host and port; the gateway's host is `gateway`. */
type Sent = Record<string, string | string[]>;

describe('A reference in an answer', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  let host: string;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    ({ host } = new URL(upstream.url));
    gateway = await proxyApplication({
      billing: { upstream: `${upstream.url}/api`, forwardCookies: true },
      slash: { upstream: `${upstream.url}/api/`, forwardCookies: true },
      root: { upstream: upstream.url, forwardCookies: true },
    });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream?.close();
  });
  beforeEach(() => upstream.reset());

  const concrete = (text: string) => text.replaceAll('ORIGIN', upstream.url).replaceAll('HOST', host);

  /** The fields of that name that the caller gets. */
  async function told(sent: Sent, field: string, path = 'billing/v1/items?page=1') {
    const headers = Object.entries(sent).map(([name, value]) => [name, [value].flat().map(concrete)] as const);
    upstream.behave((_request, response) => response.writeHead(201, Object.fromEntries(headers)).end());
    const { text } = await rawGet(gateway.port, `/proxy/${path}`);
    return [...text.matchAll(new RegExp(`^${field}: (.*?)\\r$`, 'gim'))].map(([, value]) => value);
  }

  const BELOW = [
    ['absolute', 'ORIGIN/api/v1/items/7', '/v1/items/7'],
    ['absolute, with a query and a fragment', 'ORIGIN/api/v1/items?page=2&q=a%2Fb#top', '/v1/items?page=2&q=a%2Fb#top'],
    ['absolute, to the base', 'ORIGIN/api', ''],
    ['absolute, to the base with a slash', 'ORIGIN/api/', '/'],
    ['absolute, to the base with a query', 'ORIGIN/api?x=1', '?x=1'],
    ['absolute, by a server that does not know of its TLS', 'https://HOST/api/v1', '/v1'],
    ['absolute, with a scheme and a host in capitals', 'HTTP://HOST/api/v1', '/v1'],
    ['absolute, with a user', 'http://user:pass@HOST/api/v1', '/v1'],
    ['absolute, by a server that heeds X-Forwarded-Host', 'http://gateway/api/v1', '/v1'],
    ['scheme-relative', '//HOST/api/v1', '/v1'],
    ['path-absolute', '/api/v1/items/', '/v1/items/'],
    ['path-absolute, with a query', '/api/v1/items/?page=1', '/v1/items/?page=1'],
    ['path-absolute, with an escape', '/api/group%2Fproject', '/group%2Fproject'],
    ['path-absolute, with bytes beyond ASCII', '/api/caf\xc3\xa9', '/caf%C3%A9'],
    ['path-absolute, with dot segments that stay below', '/api/v1/../v2/./x', '/v2/x'],
    ['path-absolute, with an empty segment', '/api//v1', '//v1'],
    ['relative', 'items/', '/v1/items/'],
    ['relative, with dot segments', '../v2/items', '/v2/items'],
    ['relative, with a query alone', '?page=2', '/v1/items?page=2'],
    ['surrounded by spaces', ' /api/v1 ', '/v1'],
  ];

  it.each(BELOW)('becomes a path of the gateway when it is %s: %s', async (_, reference, below) => {
    expect(await told({ location: reference }, 'location')).toEqual([`/proxy/billing${below}`]);
    expect(await told({ location: reference }, 'location', 'slash/v1/items?page=1')).toEqual([`/proxy/slash${below}`]);
  });

  it.each([
    ['ORIGIN', '/'],
    ['ORIGIN/', '/'],
    ['ORIGIN//x', '//x'],
    ['/x?y', '/x?y'],
    ['/proxy/billing/x', '/proxy/billing/x'],
    ['http://gateway/proxy/billing/x', '/proxy/billing/x'],
    ['x', '/v1/x'],
    ['../../..', '/'],
  ])('becomes a path of the gateway when the base is the whole host: %s', async (reference, below) => {
    expect(await told({ location: reference }, 'location', 'root/v1/items')).toEqual([`/proxy/root${below}`]);
  });

  it.each([
    ['of another host', 'https://other.example/api/v1'],
    ['of another host, scheme-relative', '//other.example/api/v1'],
    ['of another host, with backslashes', '\\\\other.example/api'],
    ['of another port', 'http://127.0.0.1:1/api/v1'],
    ['of a host that only begins like it', 'http://HOST.example/api/v1'],
    ['of the host, outside of the base', 'ORIGIN/login?next=/api'],
    ['of the host, outside of a base that it begins like', 'ORIGIN/apiary/x'],
    ['of the gateway itself, below the integration', 'http://gateway/proxy/billing/v1'],
    ['of another scheme', 'mailto:billing@example.org'],
    ['of an app', 'com.example.app:/callback'],
    ['empty', ''],
    ['a fragment', '#top'],
    ['without a parsable host', 'http://[::1/x'],
    ['with an impossible port', 'http://HOST.example:99999/x'],
  ])('stays as it is when it is %s: %s', async (_, reference) => {
    expect(await told({ location: reference }, 'location')).toEqual([concrete(reference)]);
  });

  it.each([
    ['path-absolute', '/login?next=x', 'ORIGIN/login?next=x'],
    ['path-absolute, to a path of the gateway', '/proxy/root/delete', 'ORIGIN/proxy/root/delete'],
    ['path-absolute, to a base that it begins like', '/apiary', 'ORIGIN/apiary'],
    ['path-absolute, with dot segments', '/api/../admin', 'ORIGIN/admin'],
    ['relative', '../../admin', 'ORIGIN/admin'],
    ['of the gateway, to another integration', 'http://gateway/proxy/root/delete', 'ORIGIN/proxy/root/delete'],
  ])('names the upstream when it leads out of the base and is %s: %s', async (_, reference, absolute) => {
    expect(await told({ location: reference }, 'location')).toEqual([concrete(absolute)]);
  });

  it.each(['Location', 'Content-Location', 'Operation-Location', 'Azure-AsyncOperation'])(
    'is led to the gateway in the field %s',
    async (field) => {
      expect(await told({ [field]: 'ORIGIN/api/v1' }, field)).toEqual(['/proxy/billing/v1']);
    },
  );

  it.each([
    ['one', '<ORIGIN/api/v1?page=2>; rel="next"', '</proxy/billing/v1?page=2>; rel="next"'],
    [
      'several, of which one is elsewhere',
      '</api/v1?page=2>; rel=next, <https://other.example/>; rel="help" , <?page=9>;rel=last',
      '</proxy/billing/v1?page=2>; rel=next, <https://other.example/>; rel="help" , </proxy/billing/v1/items?page=9>;rel=last',
    ],
    ['a comma and a semicolon within', '</api/a,b;c>; rel=x', '</proxy/billing/a,b;c>; rel=x'],
    ['an anchor', '</api/a>; ANCHOR = "/api/b"; rel=x', '</proxy/billing/a>; ANCHOR = "/proxy/billing/b"; rel=x'],
    ['a title like a link', '</api/a>; title="a \\" </api/b>, c"', '</proxy/billing/a>; title="a \\" </api/b>, c"'],
    ['a title without an end', '</api/a>; title="</api/b>', '</proxy/billing/a>; title="</api/b>'],
    ['a target without an end', '</api/a; rel=x', '</api/a; rel=x'],
    ['no target', 'rel=next', 'rel=next'],
  ])('is led to the gateway in Link, with %s', async (_, link, expected) => {
    expect(await told({ link }, 'link')).toEqual([expected]);
  });

  it('is led to the gateway in each of several Link fields', async () => {
    const links = await told({ link: ['</api/a>; rel=x', '</api/b>; rel=y'] }, 'link');

    expect(links).toEqual(['</proxy/billing/a>; rel=x', '</proxy/billing/b>; rel=y']);
  });

  it.each([
    ['5; url=/api/x', '5; url=/proxy/billing/x'],
    ['0;URL="ORIGIN/api/x"', '0;URL="/proxy/billing/x"'],
    ["1.5, url = '/api/x' y", "1.5, url = '/proxy/billing/x' y"],
    ['3; /api/x', '3; /proxy/billing/x'],
    ['3; url=https://other.example/', '3; url=https://other.example/'],
    ['5', '5'],
    ['5;', '5;'],
    ['soon; url=/api/x', 'soon; url=/api/x'],
  ])('is led to the gateway in Refresh: %s', async (refresh, expected) => {
    expect(await told({ refresh }, 'refresh')).toEqual([expected]);
  });

  it('is judged in time, however a hostile upstream writes it', async () => {
    for (const link of ['<'.repeat(14_000), '"\\'.repeat(7_000), '"'.repeat(13_999)]) {
      expect(await told({ link }, 'link')).toEqual([link]);
    }
  });

  it.each([
    ['below the base', 'Path=/api/v1', '; Path=/proxy/billing/v1'],
    ['the base', 'Path=/api', '; Path=/proxy/billing'],
    ['the base with a slash', 'path = /api/', '; Path=/proxy/billing/'],
    ['above the base', 'Path=/', '; Path=/proxy/billing'],
    [
      'below the base, among attributes',
      'Secure; Path=/api/v1; HttpOnly',
      '; Secure; HttpOnly; Path=/proxy/billing/v1',
    ],
    ['given twice, the last of which counts', 'Path=/x; Path=/api', '; Path=/proxy/billing'],
    ['no path', 'Path=api; HttpOnly', '; HttpOnly'],
    ['missing', 'HttpOnly', '; HttpOnly'],
  ])('to where a cookie is sent is led to the gateway: %s', async (_, attributes, expected) => {
    expect(await told({ 'set-cookie': `id=1; ${attributes}` }, 'set-cookie')).toEqual([`id=1${expected}`]);
  });

  it('to where a cookie is sent covers the integration alone when it is asked for itself', async () => {
    expect(await told({ 'set-cookie': 'id=1' }, 'set-cookie', 'billing')).toEqual(['id=1; Path=/proxy/billing']);
    expect(await told({ 'set-cookie': 'id=1' }, 'set-cookie', 'root?x')).toEqual(['id=1; Path=/proxy/root']);
    expect(await told({ 'set-cookie': 'id=1; Path=/' }, 'set-cookie', 'root/x')).toEqual(['id=1; Path=/proxy/root']);
  });

  it("leaves out a cookie for a path that is not the integration's, and the upstream's domain", async () => {
    const cookies = ['a=1; Path=/apiary', 'b=2; Domain=.billing.example; Path=/api', 'c=3; Path=/proxy/root'];

    expect(await told({ 'set-cookie': cookies }, 'set-cookie')).toEqual(['b=2; Path=/proxy/billing']);
    expect(await told({ 'set-cookie': 'a=1; Path=/apiary' }, 'set-cookie')).toEqual([]);
  });

  it('leads a caller who follows a slash redirect through the gateway, with the token', async () => {
    upstream.behave((request, response) => {
      if (request.url === '/api/items/') response.end('the items');
      else response.writeHead(301, { location: `${upstream.url}${request.url}/` }).end();
    });

    const response = await fetch(`${gateway.url}/proxy/billing/items`);

    expect(await response.text()).toBe('the items');
    expect(response.url).toBe(`${gateway.url}/proxy/billing/items/`);
    expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer billing-1', 'Bearer billing-1']);
  });

  it('is counted by field when it leads past the gateway, and only then', async () => {
    const counter = register.getSingleMetric('gateway_foreign_references_total') as Counter;
    counter.reset();
    await told({ location: '/api/x', link: '<https://other.example>, </login>, </api/x>', refresh: '5' }, 'location');
    await told({ location: 'https://other.example' }, 'location');
    await told({ location: 'mailto:a@example.org' }, 'location');

    expect((await counter.get()).values).toMatchObject([
      { value: 2, labels: { integration: 'billing', field: 'link' } },
      { value: 1, labels: { integration: 'billing', field: 'location' } },
    ]);
  });
});
