import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { type TokenPolicyOptions } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { proxyApplication } from './proxy-application.js';
import { type Behaviour, recordingUpstream, type RecordingUpstream } from './recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from './token-endpoint.js';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface RefusingUpstream {
  readonly url: string;
  readonly upstream: RecordingUpstream;
  readonly idp: TokenEndpoint;
  /** The tokens that the upstream was sent, in their order. */
  readonly tokens: string[];
  /** How often the token endpoint was asked. */
  readonly mints: number;
  /** From now on the upstream refuses these tokens; it is asked about the number of each. */
  refuse(refuses: (token: number, request: IncomingMessage) => boolean): void;
  /** How the upstream refuses from now on: with 401 `invalid_token` unless told otherwise. */
  refuseWith(behaviour: Behaviour): void;
  get(path?: string): Promise<Answered>;
  post(body: string | Buffer, headers?: Record<string, string | number>): Promise<Answered>;
  close(): Promise<void>;
}

const invalidToken: Behaviour = (_request, response) =>
  response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('revoked');

/** The proxy, a real token endpoint that gives out `token-1`, `token-2`, ..., and an upstream that refuses what a test says. */
export async function refusingUpstream(policy: TokenPolicyOptions = {}): Promise<RefusingUpstream> {
  const [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
  const client = { clientId: 'c', clientSecret: 's', allowInsecureRequests: true };
  const gateway = await proxyApplication(
    { billing: { upstream: upstream.url, retryBodyLimitBytes: 1_000, policy } },
    clientCredentials({ tokenEndpoint: idp.url, ...client }),
  );
  let refuses = (_token: number, _request: IncomingMessage): boolean => false;
  let refuse = invalidToken;
  upstream.behave((request, response) => {
    const token = `${request.headers.authorization}`.replace('Bearer ', '');
    if (refuses(Number(token.replace('token-', '')), request)) refuse(request, response);
    else response.end(token);
  });

  async function send(path: string, options: object, body?: string | Buffer): Promise<Answered> {
    const request = httpRequest(`${gateway.url}/proxy/billing${path}`, { agent: false, ...options });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode!, headers: response.headers, body: await text(response) };
  }

  return {
    url: gateway.url,
    upstream,
    idp,
    get tokens() {
      return upstream.seen.map(({ headers }) => `${headers.authorization}`.replace('Bearer ', ''));
    },
    get mints() {
      return idp.seen.length;
    },
    refuse: (next) => (refuses = next),
    refuseWith: (behaviour) => (refuse = behaviour),
    get: (path = '/x') => send(path, {}),
    post: (body, headers = {}) => send('/x', { method: 'POST', headers }, body),
    async close() {
      await gateway.close();
      await Promise.all([upstream.close(), idp.close()]);
    },
  };
}
