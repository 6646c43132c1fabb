import { clientCredentials } from './client-credentials.js';
import { type AllowedHttp, isProtocolAllowed } from './plain-http.js';

/** Whether a token source sends the secret of a client to a URL. */
function isTakenBySource(tokenEndpoint: string, allowed: AllowedHttp): boolean {
  try {
    clientCredentials({ tokenEndpoint, clientId: 'a', clientSecret: 'a', ...allowed });
    return true;
  } catch {
    return false;
  }
}

describe('Plain http, to a host that is this machine or not', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST', true],
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['127.1', true],
    ['0x7f.1', true],
    ['[::1]', true],
    ['[0:0:0:0:0:0:0:1]', true],
    ['localhost.', false],
    ['a.localhost', false],
    ['localhost.example', false],
    ['127.0.0.1.example', false],
    ['0.0.0.0', false],
    ['[::]', false],
    ['[::2]', false],
    ['[::ffff:127.0.0.1]', false],
    ['126.0.0.1', false],
    ['128.0.0.1', false],
    ['10.0.0.1', false],
    ['idp.example', false],
  ])('%s', (host, isLoopback) => {
    const url = `http://${host}/token`;
    for (const [allowed, isAllowed] of [
      [{}, false],
      [{ allowInsecureRequests: true }, isLoopback],
      [{ allowPlainHttp: true }, true],
    ] as const) {
      expect([isProtocolAllowed(new URL(url), allowed), isTakenBySource(url, allowed)]).toEqual([isAllowed, isAllowed]);
    }
  });
});

it.each([
  ['https', true],
  ['ftp', false],
])('%s is allowed or not whatever the options', (protocol, isAllowed) => {
  const url = new URL(`${protocol}://localhost/token`);
  for (const allowed of [{}, { allowInsecureRequests: true, allowPlainHttp: true }]) {
    expect(isProtocolAllowed(url, allowed)).toBe(isAllowed);
  }
});
