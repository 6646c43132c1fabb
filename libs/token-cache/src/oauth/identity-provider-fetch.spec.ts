import { Agent, fetch as undiciFetch } from 'undici';
import { answers, failureOf, RecordingIdp, type Respond, TOKEN } from './recording-idp.spec-support.js';
import { type IdentityProviderFetch } from './index.js';

/** Closes a connection without a word when a second request comes on it, as a server does that takes it for idle. */
function closingKeptConnections(): Respond {
  const known = new Set<unknown>();
  return (response, seen) => {
    if (known.has(seen.socket)) return void seen.socket.resetAndDestroy();
    known.add(seen.socket);
    answers(TOKEN, { headers: { connection: 'keep-alive' } })(response, seen);
  };
}

const keeping = new Agent({ keepAliveTimeout: 60_000, connections: 1 });
const CLIENTS: [string, IdentityProviderFetch | undefined][] = [
  ['its own client', undefined],
  ['the global fetch', (url, init) => fetch(url, init)],
  ['the fetch of undici', async (url, init) => await undiciFetch(url, { ...(init as object), dispatcher: keeping })],
];

describe.each(CLIENTS)('clientCredentials() with %s', (_client, fetch) => {
  let idp: RecordingIdp;

  beforeAll(async () => {
    idp = await RecordingIdp.start();
  });
  beforeEach(() => idp.reset());
  afterAll(() => idp.stop());

  it('gets a token although the server has closed the connection that was kept', async () => {
    idp.respond = closingKeptConnections();
    for (let mint = 0; mint < 4; mint++) expect(await idp.mint({ fetch })).toMatchObject({ accessToken: 'abc' });
  });

  it('sends the same request once more when the connection is reset before the answer begins', async () => {
    idp.respond = (response, seen) => {
      if (idp.seen.length === 1) seen.socket.resetAndDestroy();
      else answers(TOKEN)(response, seen);
    };
    expect(await idp.mint({ fetch, parameters: { organization: 'a' } })).toMatchObject({ accessToken: 'abc' });
    const [first, second] = idp.seen.map(({ form, headers }) => [form.toString(), headers.authorization]);
    expect(second).toEqual(first);
  });

  it('sends it no more than twice', async () => {
    idp.respond = (_response, seen) => void seen.socket.resetAndDestroy();
    expect(await failureOf(idp.mint({ fetch }))).toMatchObject({ code: 'TOKEN_SOURCE_UNAVAILABLE' });
    expect(idp.seen).toHaveLength(2);
  });

  it.each<[string, Respond]>([
    ['the answer has begun', (response) => void response.writeHead(200).write('{', () => response.destroy())],
    ['the server fails', answers({}, { status: 503 })],
    ['the answer makes no sense', answers('<html/>')],
  ])('sends it once when %s', async (_what, respond) => {
    idp.respond = respond;
    await failureOf(idp.mint({ fetch }));
    expect(idp.seen).toHaveLength(1);
  });
});

describe('clientCredentials() with its own client', () => {
  it('keeps no connection', async () => {
    const idp = await RecordingIdp.start();
    await idp.mint();
    await idp.mint();
    expect(new Set(idp.seen.map(({ socket }) => socket)).size).toBe(2);
    expect(idp.last.headers.connection).toBe('close');
    await idp.stop();
  });
});
