import { gzipSync } from 'node:zlib';
import { type MintedToken } from '../core/contract/token-source.js';
import { answers, failureOf, RecordingIdp, type Respond, TOKEN } from './recording-idp.spec-support.js';

const FORM = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const FORM_FIELDS = { access_token: 'a+b/c=', token_type: 'bearer', expires_in: '3600' };

const END = Date.UTC(2030, 0, 1);
const NOW = new Date(Date.UTC(2029, 11, 31, 23)).toUTCString();

describe('clientCredentials() takes what providers answer', () => {
  let idp: RecordingIdp;

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => idp.reset());
  afterAll(() => idp.stop());

  it.each<[string, Respond, Partial<MintedToken>]>([
    ['with 201, as Supabase does', answers(TOKEN, { status: 201 }), { accessToken: 'abc' }],
    ['with 202', answers(TOKEN, { status: 202 }), { accessToken: 'abc' }],
    [
      'with a charset in odd letters',
      answers(TOKEN, { headers: { 'content-type': 'Application/JSON;Charset="UTF-8"' } }),
      {},
    ],
    ['as plain text', answers(TOKEN, { headers: { 'content-type': 'text/plain; charset=utf-8' } }), {}],
    ['as HTML that is JSON', answers(TOKEN, { headers: { 'content-type': 'text/html' } }), {}],
    ['with a byte order mark', answers(`\uFEFF${JSON.stringify(TOKEN)}`), {}],
    ['between line breaks', answers(`\r\n${JSON.stringify(TOKEN)}\n`), {}],
    [
      'compressed, though nobody asked for it',
      answers(gzipSync(JSON.stringify(TOKEN)), { headers: { 'content-encoding': 'gzip' } }),
      {},
    ],
    ['compressed, though its header does not say so', answers(gzipSync(JSON.stringify(TOKEN))), {}],
    [
      'compressed, with the coding in capitals',
      answers(gzipSync(JSON.stringify(TOKEN)), { headers: { 'content-encoding': 'GZIP' } }),
      {},
    ],
    [
      'compressed, with the coding under its old name',
      answers(gzipSync(JSON.stringify(TOKEN)), { headers: { 'content-encoding': 'x-gzip' } }),
      {},
    ],
    ['with its scopes as a list, as Twitch does', answers({ ...TOKEN, scope: ['a', 'b'] }), { scope: 'a b' }],
    ['with a list of scopes that holds more than texts', answers({ ...TOKEN, scope: ['a', 7] }), { scope: undefined }],
    ['as a form', answers(form(FORM_FIELDS), FORM), { accessToken: 'a+b/c=', expiresInMs: 3_600_000 }],
    ['as a form that is called JSON', answers(form(FORM_FIELDS)), { accessToken: 'a+b/c=' }],
    ['as a form that ends in a line break', answers(`${form(FORM_FIELDS)}\n`, FORM), { accessToken: 'a+b/c=' }],
    ['with an error that is null', answers({ ...TOKEN, error: null }), {}],
    ['with an error that is empty', answers({ ...TOKEN, error: '' }), {}],
    ['with ok: true, as Slack does', answers({ ...TOKEN, ok: true }), {}],
  ])('%s', async (_what, respond, expected) => {
    idp.respond = respond;
    expect(await idp.mint()).toMatchObject({
      accessToken: 'abc',
      tokenType: expect.stringMatching(/^bearer$/i),
      ...expected,
    });
  });

  it.each([
    ['BearerToken, as Apigee writes it', 'BearerToken', 'Bearer'],
    ['bearer_token', 'bearer_token', 'Bearer'],
    ['Bearer between spaces', ' Bearer ', 'Bearer'],
    ['null', null, 'Bearer'],
    ['empty', '', 'Bearer'],
    ['missing', undefined, 'Bearer'],
    ['bearer in lower case', 'bearer', 'bearer'],
  ])('with a token_type that is %s', async (_what, token_type, tokenType) => {
    idp.respond = answers({ ...TOKEN, token_type });
    expect(await idp.mint()).toMatchObject({ tokenType });
  });

  it.each(['Zoho-oauthtoken', 'DPoP', 'N_A'])(
    'with a token_type of %s if the option tokenType names it',
    async (tokenType) => {
      idp.respond = answers({ ...TOKEN, token_type: tokenType });
      expect(await idp.mint({ tokenType })).toMatchObject({ tokenType });
    },
  );

  it('and gives a Bearer token the type that the option tokenType names', async () => {
    expect(await idp.mint({ tokenType: 'Zoho-oauthtoken' })).toMatchObject({ tokenType: 'Zoho-oauthtoken' });
  });

  it.each<[string, unknown, string | undefined]>([
    ['DPoP', 'DPoP', undefined],
    ['mac', 'mac', undefined],
    ['another scheme', 'Zoho-oauthtoken', undefined],
    ['a number', 7, undefined],
    ['a list', ['Bearer'], undefined],
    ['DPoP where another one was asked for', 'DPoP', 'Zoho-oauthtoken'],
  ])('but refuses a token_type of %s, and names the option', async (_what, token_type, tokenType) => {
    idp.respond = answers({ ...TOKEN, token_type });
    expect(await failureOf(idp.mint({ tokenType }))).toMatchObject({
      code: 'TOKEN_RESPONSE_INVALID',
      message: expect.stringContaining('option tokenType'),
    });
  });

  it.each([
    ['more than 1 MiB when it is unpacked', gzipSync(' '.repeat(2 * 1024 * 1024))],
    ['cut off', gzipSync(JSON.stringify(TOKEN)).subarray(0, 20)],
  ])('but refuses a compressed body that is %s', async (_what, body) => {
    idp.respond = answers(body);
    expect(await failureOf(idp.mint())).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
  });

  it('but refuses a form with two tokens', async () => {
    idp.respond = answers(`${form(FORM_FIELDS)}&access_token=other`, FORM);
    expect(await failureOf(idp.mint())).toMatchObject({ code: 'TOKEN_RESPONSE_INVALID' });
  });

  describe('and reads the end of the life in', () => {
    it.each<[string, object, number | undefined]>([
      ['expires_on in epoch seconds', { expires_on: END / 1_000 }, END],
      ['expires_on as a text, as Entra ID writes it', { expires_on: `${END / 1_000}` }, END],
      ['expires_at in epoch seconds, as Supabase writes it', { expires_at: END / 1_000 }, END],
      ['expires_at in epoch milliseconds', { expires_at: END }, END],
      ['expires_at with a fraction', { expires_at: END / 1_000 + 0.5 }, END + 500],
      ['expires_at as a date', { expires_at: '2030-01-01T00:00:00Z' }, END],
      ['expires_on as App Service writes it', { expires_on: '01/01/2030 00:00:00 +00:00' }, END],
      ['expiry as Go writes it', { expiry: '2030-01-01T02:00:00.000+02:00' }, END],
      ['expiry_date, as Google writes it', { expiry_date: END }, END],
      ['.expires, as ASP.NET writes it', { '.expires': 'Tue, 01 Jan 2030 00:00:00 GMT' }, END],
      ['expiresAt', { expiresAt: '2030-01-01T00:00:00.000Z' }, END],
      ['expires_at that is over', { expires_at: 1_600_000_000 }, 1_600_000_000_000],
      ['expires_at of 0', { expires_at: 0 }, 0],
      ['expires that is a number of seconds', { expires: 3600 }, undefined],
      ['expires_at without a zone', { expires_at: '2030-01-01T00:00:00' }, undefined],
      ['expires_at that is a word', { expires_at: 'tomorrow' }, undefined],
      ['expires_at in nanoseconds', { expires_at: END * 1e6 }, undefined],
      ['no field', {}, undefined],
    ])('%s', async (_what, fields, expiresAt) => {
      idp.respond = answers({ ...TOKEN, expires_in: undefined, ...fields });
      expect(await idp.mint()).toMatchObject({ expiresAt, expiresInMs: undefined });
    });

    it('expires_in_sec, where expires_in is in milliseconds as in old answers of Zoho', async () => {
      idp.respond = answers({ ...TOKEN, expires_in: 3_600_000, expires_in_sec: 3_600 });
      expect(await idp.mint()).toMatchObject({ expiresInMs: 3_600_000 });
    });

    it.each<[string, unknown, Partial<MintedToken>]>([
      ['in seconds', END / 1_000, { expiresAt: END }],
      ['in seconds as a text', `${END / 1_000}`, { expiresAt: END }],
      ['in milliseconds', END, { expiresAt: END }],
      ['as a date', '2030-01-01T00:00:00Z', { expiresAt: END, expiresInMs: undefined }],
      ['that has passed', END / 1_000 - 7_200, { expiresAt: END - 7_200_000 }],
    ])('expires_in, where that is an instant %s and no time that is left', async (_what, expires_in, expected) => {
      idp.respond = answers({ ...TOKEN, expires_in }, { headers: { date: NOW } });
      expect(await idp.mint()).toMatchObject(expected);
    });

    it.each([
      ['31 years', 1e9],
      ['50 years', 50 * 365 * 86_400],
      ['68 years, the most that 32 bits hold', 2 ** 31 - 1],
      ['100 years', 100 * 365 * 86_400],
    ])('expires_in, where that is a life of %s and no instant', async (_what, expires_in) => {
      idp.respond = answers({ ...TOKEN, expires_in }, { headers: { date: NOW } });
      expect(await idp.mint()).toMatchObject({ expiresInMs: expires_in * 1_000, expiresAt: undefined });
    });

    it('both ways, and leaves the choice to the cache', async () => {
      idp.respond = answers({ ...TOKEN, expires_in: 60, expires_on: END / 1_000 });
      expect(await idp.mint()).toMatchObject({ expiresInMs: 60_000, expiresAt: END });
    });
  });

  it.each([
    ['of its Date', { date: NOW }, Date.parse(NOW)],
    ['of a Date that is none', { date: 'yesterday' }, undefined],
  ])('and the time of the server %s', async (_what, headers, answeredAt) => {
    idp.respond = answers(TOKEN, { headers });
    expect(await idp.mint()).toMatchObject({ answeredAt });
  });
});
