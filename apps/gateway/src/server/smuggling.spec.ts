import { proxyApplication, type ProxyApplication } from '../test/proxy-application.js';
import { rawRequest } from '../test/raw-request.js';
import { recordingUpstream, type RecordingUpstream } from '../test/recording-upstream.js';

/** A second request that an intermediary would take for a part of the first one. */
const HIDDEN = 'GET /proxy/billing/hidden HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n';
const CHUNKED = 'Transfer-Encoding: chunked';

describe('A request whose end two programs may see at two places', () => {
  let upstream: RecordingUpstream;
  let gateway: ProxyApplication;

  beforeAll(async () => {
    upstream = await recordingUpstream();
    gateway = await proxyApplication({ billing: { upstream: upstream.url } });
  });
  afterEach(() => upstream.reset());
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  it.each<[string, string[], string?]>([
    ['a length and chunks', ['Content-Length: 6', CHUNKED], `0\r\n\r\n${HIDDEN}`],
    ['chunks and a length', [CHUNKED, 'Content-Length: 6'], `0\r\n\r\n${HIDDEN}`],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`]],
    ['the same length twice', ['Content-Length: 0', 'Content-Length: 0']],
    ['a list of lengths', ['Content-Length: 0, 0']],
    ['a length with a sign', ['Content-Length: +0']],
    ['a negative length', ['Content-Length: -1']],
    ['a length in hex', ['Content-Length: 0x0']],
    ['a length that overflows', ['Content-Length: 18446744073709551616']],
    ['a length that is no number', ['Content-Length: 0a']],
    ['an empty length', ['Content-Length:']],
    ['a space before the colon', ['Transfer-Encoding : chunked'], `0\r\n\r\n${HIDDEN}`],
    ['a space before the colon of the length', [`Content-Length : ${HIDDEN.length}`]],
    ['chunks that are not last', ['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${HIDDEN}`],
    ['chunks twice', ['Transfer-Encoding: chunked, chunked'], `0\r\n\r\n${HIDDEN}`],
    ['a coding after chunks', ['Transfer-Encoding: chunked, gzip'], `0\r\n\r\n${HIDDEN}`],
    ['a folded line', ['a: b\r\n c']],
    ['chunks after a vertical tab', ['Transfer-Encoding:\x0bchunked'], `0\r\n\r\n${HIDDEN}`],
    ['chunks with a NUL', ['Transfer-Encoding: chunked\0'], `0\r\n\r\n${HIDDEN}`],
    ['a field after a lone LF', [`a: b\n${CHUNKED}`], `0\r\n\r\n${HIDDEN}`],
    ['a field after a lone CR', [`a: b\r${CHUNKED}`], `0\r\n\r\n${HIDDEN}`],
    ['a header that ends in lone LFs', [`a: b\n\n${HIDDEN}`]],
    ['a line without a name', [': b', CHUNKED], `0\r\n\r\n${HIDDEN}`],
    ['a chunk whose size is in hex with a prefix', [CHUNKED], `0x0\r\n\r\n${HIDDEN}`],
    ['a chunk whose size has a sign', [CHUNKED], `-0\r\n\r\n${HIDDEN}`],
    ['a chunk whose size overflows', [CHUNKED], `10000000000000000\r\n\r\n${HIDDEN}`],
    ['a chunk whose size has a space before it', [CHUNKED], ` 0\r\n\r\n${HIDDEN}`],
    ['a chunk whose size has spaces after it', [CHUNKED], `0 \r\n\r\n${HIDDEN}`],
    ['a chunk whose size ends in a lone LF', [CHUNKED], `0\n\r\n${HIDDEN}`],
    ['an extension that holds a lone LF', [CHUNKED], `0;a\n\r\n${HIDDEN}`],
    ['a chunk that is longer than its size', [CHUNKED], `1\r\nab\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk that ends in a lone LF', [CHUNKED], `1\r\na\n0\r\n\r\n${HIDDEN}`],
  ])('is answered with 400 and is the last of its connection: %s', async (_, fields, body = HIDDEN) => {
    const { status, text } = await rawRequest(
      gateway.port,
      ['POST /proxy/billing/x HTTP/1.1', 'Host: gateway', ...fields],
      body,
    );

    expect([status, text.match(/^HTTP\/1/gm)]).toEqual([400, ['HTTP/1']]);
    expect(upstream.seen.map(({ url }) => url)).toEqual([]);
  });

  it.each(['xchunked', 'identity', 'gzip', 'gzip, chunked', 'identity, chunked', 'deflate,chunked', 'x, chunked'])(
    'is answered with 501 and is the last of its connection if its coding is no plain chunks: %s',
    async (coding) => {
      const lines = ['POST /proxy/billing/x HTTP/1.1', 'Host: gateway', `Transfer-Encoding: ${coding}`];
      const { text } = await rawRequest(gateway.port, lines, `1\r\na\r\n0\r\n\r\n${HIDDEN}`);

      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 501']);
      expect(upstream.seen).toEqual([]);
    },
  );

  it('is answered with 501 and is the last of its connection if it waited for the answer before it', async () => {
    const before = ['GET /proxy/billing/before HTTP/1.1', 'Host: gateway'];
    const post = 'POST /proxy/billing/x HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n';
    const { text } = await rawRequest(gateway.port, before, post + HIDDEN);

    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 501']);
    expect(upstream.seen.map(({ url }) => url)).toEqual(['/before']);
  });

  it.each<[string, string, string]>([
    ['extensions, which are not passed on', '2;a=b;c="d"\r\nok\r\n0;e\r\n\r\n', 'ok'],
    ['zeros before its size', '002\r\nok\r\n000\r\n\r\n', 'ok'],
  ])('is forwarded, and so is the next one, if its chunks have %s', async (_, body, forwarded) => {
    const lines = ['POST /proxy/billing/x HTTP/1.1', 'Host: gateway', CHUNKED];
    const { text } = await rawRequest(gateway.port, lines, `${body}${HIDDEN}`);

    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(upstream.seen.map(({ url, body }) => [url, String(body)])).toEqual([
      ['/x', forwarded],
      ['/hidden', ''],
    ]);
  });

  it.each([
    ['a CR in a value', 'a: b\rX-Injected: 1'],
    ['a NUL in a value', 'a: b\0c'],
    ['a DEL in a value', 'a: b\x7fc'],
    ['an escape in a value', 'a: b\x1bc'],
    ['a CR in the escapes of the path', undefined, '/proxy/billing/x%0d%0aX-Injected:%201'],
  ])('brings no field of its own to the upstream with %s', async (_, field, target = '/proxy/billing/x') => {
    const lines = [`GET ${target} HTTP/1.1`, 'Host: gateway', 'Connection: close', ...(field ? [field] : [])];
    const { status } = await rawRequest(gateway.port, lines);

    expect([200, 400]).toContain(status);
    for (const { headers, rawHeaders } of upstream.seen) {
      expect(headers).not.toHaveProperty('x-injected');
      expect(rawHeaders.join('')).not.toMatch(/[\r\n\0]/);
    }
  });
});
