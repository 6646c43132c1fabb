import { withoutCredentials } from './without-credentials.js';

const SECRET = 's3cr3t-Value_0123';
const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJl';

describe('A text of others', () => {
  it.each([
    `Authorization: Bearer ${SECRET}`,
    `proxy-authorization: Basic ${SECRET}`,
    `cookie: sid=${SECRET}; other=${SECRET}`,
    `Set-Cookie: sid=${SECRET}; Path=/`,
    `X-Api-Key: ${SECRET}`,
    `{"authorization":"Bearer ${SECRET}"}`,
    `{ "x-api-key" : "${SECRET}" }`,
    `sent Bearer ${SECRET} to it`,
    `sent DPoP ${SECRET} to it`,
    `connect redis://user:${SECRET}@redis.example:6379`,
    `connect https://${SECRET}@proxy.example`,
    `the key mintonce_${SECRET}`,
    `grant_type=password&client_secret=${SECRET}&scope=a`,
    `GET /callback?code=${SECRET}&state=1`,
    `/x?access_token=${SECRET}`,
    `{"access_token":"${SECRET}","expires_in":1}`,
    `{"refresh_token": "${SECRET}"`,
    `Unexpected token 'a', "{"id_token":"${SECRET}" is not valid JSON`,
  ])('is logged without its credential: %s', (text) => {
    const logged = withoutCredentials(text);

    expect(logged).toContain('[hidden]');
    expect(logged).not.toContain(SECRET);
  });

  it.each([JWT, JWT.slice(0, JWT.lastIndexOf('.') + 1), `${JWT}.a.b`])('is logged without the token %s', (token) => {
    expect(withoutCredentials(`it was ${token} then`)).toBe('it was [hidden] then');
  });

  it.each([
    'integrations.billing.token: is missing',
    'redis.password: must not be empty',
    'No token was minted for "billing" (TOKEN_SOURCE_REJECTED): invalid_client',
    'The secret of "billing" was refused and has changed: the next request asks for a token again',
    'Tokens are shared in Redis (redis.example:6379, TLS), encrypted with the key k1',
    'https://idp.example/token answered 503',
  ])('is logged as it is if it holds none: %s', (text) => {
    expect(withoutCredentials(text)).toBe(text);
  });
});
