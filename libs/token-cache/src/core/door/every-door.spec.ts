import axios, { type AxiosRequestConfig } from 'axios';
import { Agent, interceptors } from 'undici';
import { useToken } from '../../axios/use-token.js';
import { MemoryTokenStore } from '../slot/memory-token-store.js';
import { age, AgingClock, CredentialServer } from '../../testing/credential-server.spec-support.js';
import { FakeTokenSource } from '../../testing/fake-token-source.js';
import { tokenInterceptor } from '../../undici/token-interceptor.js';
import { TokenClient } from '../token-client.js';

type Headers = Record<string, string>;
/** Sends a request by one kind of client; answers the status that its caller gets. */
type Door = (tokens: TokenClient, url: string, headers?: Headers) => Promise<number>;

const viaFetch =
  (init: RequestInit = {}): Door =>
  async (tokens, url, headers = {}) =>
    (await tokens.fetch('billing', url, { ...init, headers })).status;

const viaAxios =
  (config: AxiosRequestConfig = {}): Door =>
  async (tokens, url, headers = {}) => {
    const client = axios.create({ proxy: false, validateStatus: () => true, ...config });
    useToken(client, tokens, 'billing');
    return (await client.get(url, { headers })).status;
  };

const viaUndici: Door = async (tokens, url, headers = {}) => {
  const agent = new Agent();
  const client = agent.compose(interceptors.redirect({ maxRedirections: 5 }), tokenInterceptor(tokens, 'billing'));
  const { statusCode, body } = await client.request({ origin: new URL(url).origin, path: '/', method: 'GET', headers });
  await body.dump();
  await agent.close();
  return statusCode;
};

const EVERY_DOOR: [name: string, door: Door][] = [
  ['fetch', viaFetch()],
  ['fetch that is told to follow', viaFetch({ redirect: 'follow' })],
  [
    'fetch of a Request',
    async (tokens, url, headers = {}) => (await tokens.fetch('billing', new Request(url, { headers }))).status,
  ],
  ['axios', viaAxios()],
  ['axios that is told to follow', viaAxios({ maxRedirects: 5 })],
  ['axios with the adapter fetch', viaAxios({ adapter: 'fetch' })],
  ['undici', viaUndici],
];
/** axios does not tell where an answer of its adapter `fetch` comes from. */
const DOORS_THAT_KNOW_THE_ORIGIN = EVERY_DOOR.filter(([name]) => name !== 'axios with the adapter fetch');

describe('A redirect', () => {
  let server: CredentialServer;
  let other: CredentialServer;
  let source: FakeTokenSource;
  let tokens: TokenClient;
  let clock: AgingClock;

  const clientOf = (credential?: string): TokenClient =>
    new TokenClient({
      store: new MemoryTokenStore({ clock }),
      integrations: { billing: { source, ...(credential !== undefined && { credential }) } },
      clock,
    });

  beforeEach(async () => {
    server = await CredentialServer.start();
    other = await CredentialServer.start();
    source = new FakeTokenSource('t');
    clock = new AgingClock();
    tokens = clientOf();
    await age(tokens, clock);
  });

  afterEach(async () => {
    await tokens.close();
    server.stop();
    other.stop();
  });

  const redirectTo = (location: string): void => {
    server.answer = ({ url }, response) => {
      if (url === '/') response.writeHead(307, { location });
      response.end();
    };
  };

  describe.each(DOORS_THAT_KNOW_THE_ORIGIN)('to another origin, by %s', (_, door) => {
    beforeEach(() => redirectTo(other.url));

    it('leaves the credential behind, and a refusal from there says nothing of the token', async () => {
      other.accepted = 'nothing';
      await expect(door(tokens, server.url)).resolves.toBe(401);
      expect(other.credentials).toEqual([undefined]);
      expect((await tokens.getToken('billing')).accessToken).toBe('t-token-1');
      expect(source.calls).toHaveLength(1);
    });

    it('does not accept the token by a success there', async () => {
      await expect(door(tokens, server.url)).resolves.toBe(200);
      await expect(tokens.invalidate(await tokens.getToken('billing'))).resolves.toBe(true);
    });
  });

  it.each(EVERY_DOOR)('within the origin keeps the credential, by %s, and a refusal counts', async (_, door) => {
    redirectTo('/there');
    server.accepted = 't-token-2';
    await expect(door(tokens, server.url)).resolves.toBe(200);
    expect(source.calls).toHaveLength(2);
    expect(server.credentials.at(-1)).toBe('Bearer t-token-2');
  });

  it.each(EVERY_DOOR)('is not followed with another header than `Authorization`, by %s', async (_, door) => {
    await tokens.close();
    tokens = clientOf('X-Api-Token: {token}');
    redirectTo(other.url);
    await expect(door(tokens, server.url)).resolves.toBe(307);
    expect(server.seen.map(({ headers }) => headers['x-api-token'])).toEqual(['t-token-2']);
    expect(other.seen).toEqual([]);
  });
});

describe.each(EVERY_DOOR)('By %s', (_, door) => {
  it.each(['Authorization: {type} {token}', 'X-Api-Token: {token}'])(
    'the caller’s own credential is never sent beside the token: %s',
    async (credential) => {
      const server = await CredentialServer.start();
      const source = new FakeTokenSource('t');
      const tokens = new TokenClient({
        store: new MemoryTokenStore(),
        integrations: { billing: { source, credential } },
      });
      await door(tokens, server.url, { AUTHORIZATION: 'Basic mine', 'X-API-TOKEN': 'mine', 'x-trace': '1' });
      await tokens.close();
      server.stop();
      const headers = server.seen[0]?.headers ?? {};
      expect(headers).toMatchObject({ 'x-trace': '1' });
      expect(JSON.stringify(headers)).toContain('t-token-1');
      expect(headers.authorization).not.toBe('Basic mine');
      if (credential.startsWith('X')) expect(headers).toMatchObject({ 'x-api-token': 't-token-1' });
    },
  );
});
