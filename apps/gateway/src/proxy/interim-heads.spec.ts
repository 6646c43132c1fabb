import { InterimHeads } from './interim-heads.js';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const RENAMED = 'HTTP/1.1 103 Continue\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\n\r\n';

function renamed(heads: InterimHeads, chunks: Iterable<string>): string {
  return [...chunks]
    .map((chunk) => {
      const bytes = Buffer.from(chunk, 'latin1');
      heads.rename(bytes);
      return bytes.toString('latin1');
    })
    .join('');
}

describe('InterimHeads', () => {
  it.each([
    ['one', CONTINUE + OK, RENAMED + OK],
    ['several', CONTINUE + CONTINUE + OK, RENAMED + RENAMED + OK],
    [
      'one with lines that end in LF alone',
      'HTTP/1.1 100 a\n\nHTTP/1.1 100 b\n\n',
      'HTTP/1.1 103 a\n\nHTTP/1.1 103 b\n\n',
    ],
    [
      'one with fields',
      `HTTP/1.1 100 a\r\nb: 100\r\nc:\r\n\r\n${CONTINUE}`,
      `HTTP/1.1 103 a\r\nb: 100\r\nc:\r\n\r\n${RENAMED}`,
    ],
    [
      'no other interim answer',
      `HTTP/1.1 102 a\r\n\r\nHTTP/1.1 110 a\r\n\r\n${OK}`,
      `HTTP/1.1 102 a\r\n\r\nHTTP/1.1 110 a\r\n\r\n${OK}`,
    ],
    ['no body', OK + CONTINUE, OK + CONTINUE],
    ['no final answer', 'HTTP/1.1 500 100\r\n\r\n', 'HTTP/1.1 500 100\r\n\r\n'],
  ])('renames 100 Continue, whole and byte by byte: %s', (_what, received, expected) => {
    for (const chunks of [[received], received]) {
      const heads = new InterimHeads();
      heads.expect();
      expect(renamed(heads, chunks)).toBe(expected);
    }
  });

  it('touches nothing before a request and after its final answer, until the next request', () => {
    const heads = new InterimHeads();
    expect(renamed(heads, [CONTINUE])).toBe(CONTINUE);
    heads.expect();
    expect(renamed(heads, [OK, CONTINUE])).toBe(OK + CONTINUE);
    heads.expect();
    expect(renamed(heads, [CONTINUE, OK])).toBe(RENAMED + OK);
  });
});
