import { type ClientCredentialsOptions } from './index.js';
import { answers, failureOf, RecordingIdp, type Seen, TOKEN } from './recording-idp.spec-support.js';

describe('A client secret that changes', () => {
  let idp: RecordingIdp;
  let secret: string;
  const options: Partial<ClientCredentialsOptions> = { clientSecret: () => secret, clientAuth: 'client_secret_post' };
  const refused = answers({ error: 'invalid_client' }, { status: 401 });

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => {
    idp.reset();
    secret = 'first';
  });
  afterAll(() => idp.stop());

  /** The provider takes this secret only; `meanwhile` happens before its answer. */
  function takesOnly(valid: string, meanwhile: () => void = () => {}): void {
    idp.respond = (response, seen) => {
      meanwhile();
      (seen.form.get('client_secret') === valid ? answers(TOKEN) : refused)(response, seen);
    };
  }

  const sent = () => idp.seen.map(({ form }) => form.get('client_secret'));

  it('while the old one is being refused is sent at once, in the same mint', async () => {
    takesOnly('second', () => (secret = 'second'));

    await expect(idp.mint(options)).resolves.toMatchObject({ accessToken: 'abc' });
    expect(sent()).toEqual(['first', 'second']);
  });

  it('twice during one mint is sent once more, not each time', async () => {
    let version = 1;
    takesOnly('none', () => (secret = `version-${++version}`));

    expect(await failureOf(idp.mint(options))).toMatchObject({ oauthError: 'invalid_client' });
    expect(sent()).toEqual(['first', 'version-2']);
  });

  it('by a line break at its end has not changed', async () => {
    takesOnly('none', () => (secret = 'first\n'));

    expect(await failureOf(idp.mint(options))).toMatchObject({ oauthError: 'invalid_client' });
    expect(sent()).toEqual(['first']);
  });

  it.each<[string, Partial<ClientCredentialsOptions>, (seen: Seen) => unknown]>([
    ['a parameter', { parameters: { key: () => secret } }, ({ form }) => form.get('key')],
    ['one of several', { parameters: { key: ['a', () => secret] } }, ({ form }) => form.getAll('key')[1]],
    ['a header', { headers: { 'x-key': () => secret } }, ({ headers }) => headers['x-key']],
  ])('as %s while the old one is being refused is sent at once, in the same mint', async (_what, changing, read) => {
    idp.respond = (response, seen) => {
      secret = 'second';
      (read(seen) === 'second' ? answers(TOKEN) : refused)(response, seen);
    };

    await expect(idp.mint({ ...options, clientSecret: 's', ...changing })).resolves.toMatchObject({
      accessToken: 'abc',
    });
    expect(idp.seen.map(read)).toEqual(['first', 'second']);
  });

  it('together with the client id, as `credentials` name them, is sent with that client id', async () => {
    const credentials = () => ({ clientId: `${secret}-client`, clientSecret: secret });
    takesOnly('second', () => (secret = 'second'));

    await idp.mint({ credentials, clientAuth: 'client_secret_post' });
    expect(idp.seen.map(({ form }) => form.get('client_id'))).toEqual(['first-client', 'second-client']);
  });

  it('cannot be read again after a refusal: the refusal is what is told', async () => {
    let reads = 0;
    const read = () => {
      if (++reads > 1) throw new Error('gone');
      return 'first';
    };
    takesOnly('none');

    expect(await failureOf(idp.mint({ ...options, clientSecret: read }))).toMatchObject({
      code: 'TOKEN_SOURCE_REJECTED',
      oauthError: 'invalid_client',
    });
  });

  it.each([
    ['fails', answers('', { status: 503 }), 'TOKEN_SOURCE_UNAVAILABLE'],
    [
      'says when to come back',
      answers({ error: 'slow_down' }, { status: 400, headers: { 'retry-after': '7' } }),
      'TOKEN_SOURCE_UNAVAILABLE',
    ],
  ])('is no reason to ask again a provider that %s', async (_what, answer, code) => {
    idp.respond = (response, seen) => {
      secret = 'second';
      answer(response, seen);
    };

    expect(await failureOf(idp.mint(options))).toMatchObject({ code });
    expect(sent()).toEqual(['first']);
  });
});
