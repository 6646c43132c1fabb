import { answers, failureOf, RecordingIdp, TOKEN } from './recording-idp.spec-support.js';

const DATE = new Date(Date.UTC(2030, 0, 1)).toUTCString();
const LATER = new Date(Date.UTC(2030, 0, 1, 0, 2)).toUTCString();

describe('clientCredentials() makes an error of what providers answer', () => {
  let idp: RecordingIdp;

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => idp.reset());
  afterAll(() => idp.stop());

  it.each<[string, object, string | undefined]>([
    ['GitHub', { error: 'incorrect_client_credentials', error_uri: 'https://x' }, 'incorrect_client_credentials'],
    ['Slack', { ok: false, error: 'invalid_auth' }, 'invalid_auth'],
    ['Zoho', { error: 'invalid_client' }, 'invalid_client'],
    ['one that nests it', { error: { code: 'AuthFailed', message: 'No way' } }, 'AuthFailed'],
    ['one that writes a sentence', { error: 'Access Denied' }, undefined],
    ['one that gives a token all the same', { ...TOKEN, error: 'invalid_scope' }, 'invalid_scope'],
    ['Slack without a reason', { ...TOKEN, ok: false }, undefined],
  ])('with status 200: %s', async (_what, body, oauthError) => {
    idp.respond = answers(body);
    const error = await failureOf(idp.mint());
    expect({ code: error['code'], oauthError: error['oauthError'] }).toEqual({
      code: 'TOKEN_SOURCE_REJECTED',
      oauthError,
    });
  });

  it('with status 200 and the form that GitHub uses by default', async () => {
    idp.respond = answers('error=incorrect_client_credentials&error_description=The+client_id');
    expect(await failureOf(idp.mint())).toMatchObject({
      code: 'TOKEN_SOURCE_REJECTED',
      oauthError: 'incorrect_client_credentials',
    });
  });

  it.each(['ratelimited', 'temporarily_unavailable', 'service_unavailable', 'slow_down'])(
    'that may pass, with status 200: %s',
    async (error) => {
      idp.respond = answers({ ok: false, error }, { headers: { 'retry-after': '30' } });
      expect(await failureOf(idp.mint())).toMatchObject({
        code: 'TOKEN_SOURCE_UNAVAILABLE',
        oauthError: error,
        retryAfterMs: 30_000,
      });
    },
  );

  it.each<[string, object, string]>([
    ['Microsoft', { error: 'invalid_client', error_codes: [7000215], timestamp: 'x' }, 'invalid_client'],
    ['Google', { error: { code: 401, message: 'No', status: 'UNAUTHENTICATED' } }, 'UNAUTHENTICATED'],
    ['Okta', { errorCode: 'E0000022', errorSummary: 'No' }, 'E0000022'],
    ['Apigee', { ErrorCode: 'invalid_client', Error: 'ClientId is Invalid' }, 'invalid_client'],
    [
      'Apigee with a fault',
      { fault: { faultstring: 'No', detail: { errorcode: 'oauth.v2.InvalidClientIdentifier' } } },
      'oauth.v2.InvalidClientIdentifier',
    ],
    ['PayPal', { name: 'AUTHENTICATION_FAILURE', message: 'No', links: [] }, 'AUTHENTICATION_FAILURE'],
    ['one with a list', { errors: [{ code: 'bad_client', message: 'No' }] }, 'bad_client'],
  ])('with status 401, and finds the code: %s', async (_what, body, oauthError) => {
    idp.respond = answers(body, { status: 401 });
    expect(await failureOf(idp.mint())).toMatchObject({ code: 'TOKEN_SOURCE_REJECTED', oauthError });
  });

  it.each([
    [403, {}, 'TOKEN_SOURCE_UNAVAILABLE'],
    [403, { error: 'secondary_rate_limit' }, 'TOKEN_SOURCE_UNAVAILABLE'],
    [400, {}, 'TOKEN_SOURCE_UNAVAILABLE'],
    [429, {}, 'TOKEN_SOURCE_UNAVAILABLE'],
    [500, {}, 'TOKEN_SOURCE_UNAVAILABLE'],
    [503, {}, 'TOKEN_SOURCE_UNAVAILABLE'],
    [401, { error: 'invalid_client' }, 'TOKEN_SOURCE_REJECTED'],
    [302, {}, 'TOKEN_RESPONSE_INVALID'],
    [200, { status: 'maintenance' }, 'TOKEN_RESPONSE_INVALID'],
  ])('and reads Retry-After with status %i and %j', async (status, body, code) => {
    for (const [retryAfter, retryAfterMs] of [
      ['120', 120_000],
      [LATER, 120_000],
    ] as const) {
      idp.respond = answers(body, { status, headers: { 'retry-after': retryAfter, date: DATE } });
      expect(await failureOf(idp.mint())).toMatchObject({ code, retryAfterMs });
    }
  });

  it.each([
    ['with a fraction that is nothing', '2.0', 2_000],
    ['with a fraction, rounded up', '292.052427053', 292_053],
    ['in several lines: the longest', ['30', '120'], 120_000],
  ])('and reads Retry-After %s', async (_what, retryAfter, retryAfterMs) => {
    idp.respond = answers({}, { status: 429, headers: { 'retry-after': retryAfter } });
    expect(await failureOf(idp.mint())).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE', retryAfterMs });
  });

  describe('and without Retry-After reads when a rate limit is over', () => {
    const EPOCH = Date.parse(LATER) / 1_000;

    it.each<[string, number, Record<string, string | string[]>, number | undefined]>([
      ['as Okta writes it', 429, { 'x-rate-limit-reset': `${EPOCH}` }, 120_000],
      ['as Auth0 writes it', 429, { 'x-ratelimit-reset': `${EPOCH}` }, 120_000],
      ['twice, as Okta does at times', 429, { 'x-rate-limit-reset': [`${EPOCH - 60}`, `${EPOCH}`] }, 120_000],
      ['in milliseconds', 429, { 'x-ratelimit-reset': `${EPOCH * 1_000}` }, 120_000],
      ['in seconds from now', 429, { 'ratelimit-reset': '50' }, 50_000],
      [
        'with a 403 when nothing is left, as GitHub does',
        403,
        { 'x-ratelimit-reset': `${EPOCH}`, 'x-ratelimit-remaining': '0' },
        120_000,
      ],
      [
        'but not in a 403 when something is left',
        403,
        { 'x-ratelimit-reset': '50', 'x-ratelimit-remaining': '9' },
        undefined,
      ],
      ['but not in a 401', 401, { 'x-ratelimit-reset': '50', 'x-ratelimit-remaining': '0' }, undefined],
      ['but not when it is over already', 429, { 'x-ratelimit-reset': `${EPOCH - 600}` }, undefined],
      ['but not when it is a word', 429, { 'x-ratelimit-reset': 'soon' }, undefined],
      ['but Retry-After counts before it', 429, { 'retry-after': '7', 'x-ratelimit-reset': '50' }, 7_000],
    ])('%s', async (_what, status, headers, retryAfterMs) => {
      idp.respond = answers({}, { status, headers: { date: DATE, ...headers } });
      expect((await failureOf(idp.mint()))['retryAfterMs']).toBe(retryAfterMs);
    });
  });

  it('and names the integration', async () => {
    for (const status of [200, 302, 401, 503]) {
      idp.respond = answers({}, { status });
      expect((await failureOf(idp.mint())).message).toContain('"billing"');
    }
    expect((await failureOf(idp.mint({ clientSecret: () => '' }))).message).toContain('"billing"');
    expect((await failureOf(idp.mint({ issuer: idp.origin }))).message).toContain('"billing"');
  });

  it.each([
    ['client_secret_basic', 401, { error: 'invalid_client' }],
    ['client_secret_basic', 400, { error: 'invalid_client' }],
    ['client_secret_basic', 401, 'Unauthorized'],
    ['client_secret_basic', 200, { error: 'invalid_client' }],
    ['client_secret_basic_raw', 401, { error: 'invalid_client' }],
  ] as const)(
    'and names both encodings when a login with %s is refused with %i and %j',
    async (clientAuth, status, body) => {
      idp.respond = answers(body, { status });
      const { message } = await failureOf(idp.mint({ clientAuth }));
      expect(message).toContain('check clientId, clientSecret and clientAuth');
      expect(message.match(/client_secret_basic\w*/g)?.sort()).toEqual([
        'client_secret_basic',
        'client_secret_basic_raw',
      ]);
    },
  );

  it('and names no encoding of Basic when the login was in the body', async () => {
    idp.respond = answers({ error: 'invalid_client' }, { status: 401 });
    expect((await failureOf(idp.mint({ clientAuth: 'client_secret_post' }))).message).not.toContain('basic');
  });
});
