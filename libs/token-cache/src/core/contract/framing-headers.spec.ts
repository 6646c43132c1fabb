import { isFramingHeader } from './framing-headers.js';

describe('isFramingHeader', () => {
  it.each([
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'expect',
    'te',
    'trailer',
    'upgrade',
    'http2-settings',
    'keep-alive',
    'proxy-authorization',
    'proxy-connection',
    'Transfer-Encoding',
    'HOST',
  ])('says that only the HTTP client may set "%s"', (name) => expect(isFramingHeader(name)).toBe(true));

  it.each(['authorization', 'x-host', 'hostname', 'accept', 'te-x', 'x-proxy-id', 'proxy'])(
    'leaves "%s" to others',
    (name) => expect(isFramingHeader(name)).toBe(false),
  );
});
