import fc from 'fast-check';
import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';
import { ownProxyStatus, relayedProxyStatus } from './proxy-status.js';

describe('Proxy-Status (RFC 9209)', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;
  beforeAll(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({ billing: { upstream: upstream.url }, gone: { upstream: 'http://127.0.0.1:1' } });
  });
  afterAll(async () => {
    await gateway?.close();
    await upstream?.close();
  });

  async function statusOf(path: string, answer?: { status: number; given?: string }): Promise<string | null> {
    const { status = 200, given } = answer ?? {};
    upstream.behave((_request, response) => response.writeHead(status, given ? { 'proxy-status': given } : {}).end());
    return (await fetch(`${gateway.url}/proxy/${path}`)).headers.get('proxy-status');
  }

  it.each([
    ['gone/x', 'mintonce; error=destination_unavailable; details="GATEWAY_UPSTREAM_UNREACHABLE"'],
    ['nobody/x', 'mintonce; error=http_request_error; details="TOKEN_INTEGRATION_UNKNOWN"'],
  ])(
    'says of the answer of the gateway itself to /proxy/%s why there is none of the upstream',
    async (path, expected) => {
      expect(await statusOf(path)).toBe(expected);
    },
  );

  it.each([400, 401, 403, 404, 429, 500, 502, 503, 504])(
    'says of the status %d that the upstream answered it',
    async (status) => {
      expect(await statusOf('billing/x', { status })).toBe(`mintonce; received-status=${status}`);
    },
  );

  it('says nothing of an answer that is no error', async () => {
    expect(await statusOf('billing/x', { status: 200 })).toBeNull();
  });

  it.each([
    'cdn.example',
    'cdn; error=dns_error; details="a \\"b\\", c"',
    'a; received-status=503, "b c"; error=http_request_denied; next-hop=c:8080; rcode=?1',
  ])('keeps what the hops behind the gateway say: %s', async (given) => {
    expect(await statusOf('billing/x', { status: 503, given })).toBe(`${given}, mintonce; received-status=503`);
    expect(await statusOf('billing/x', { status: 200, given })).toBe(given);
  });

  it.each(['"open', 'a; details="open', 'a, ', ';', 'a b', `a; details="${'x'.repeat(1_000)}"`])(
    'leaves out what would hide its own part: %s',
    async (given) => {
      expect(await statusOf('billing/x', { status: 503, given })).toBe('mintonce; received-status=503');
    },
  );

  it.each([
    [{ status: 401, code: 'GATEWAY_CALLER_UNKNOWN' }, 'http_request_denied'],
    [{ status: 403, code: 'GATEWAY_CALLER_FORBIDDEN' }, 'http_request_denied'],
    [{ status: 502, code: 'TOKEN_SOURCE_REJECTED' }, 'proxy_configuration_error'],
    [{ status: 502, code: 'GATEWAY_UPSTREAM_UNTRUSTED' }, 'tls_certificate_error'],
    [{ status: 503, code: 'TOKEN_SOURCE_UNAVAILABLE' }, 'proxy_internal_error'],
    [{ status: 503, code: 'GATEWAY_UPSTREAM_BUSY' }, 'connection_limit_reached'],
    [{ status: 504, code: 'GATEWAY_UPSTREAM_TIMEOUT' }, 'http_response_timeout'],
  ])('calls %j %s', (problem, type) => {
    expect(ownProxyStatus(problem)).toBe(`mintonce; error=${type}; details="${problem.code}"`);
  });

  it('ends with its own part whatever an upstream sends, and is read in no long time', () => {
    const piece = fc.oneof(
      fc.constantFrom('a', '"', '\\', ';', '=', ',', ' ', 'a; b="c"'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const field = relayedProxyStatus(503, pieces.join(''))!;
        expect(field).toMatch(/(^|, )mintonce; received-status=503$/);
        expect(field.replaceAll(/\\./g, '').split('"').length % 2).toBe(1);
      }),
    );
  });
});
