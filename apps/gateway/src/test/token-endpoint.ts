import { type IncomingMessage } from 'node:http';
import { recordingUpstream, type RecordingUpstream, type SeenRequest } from './recording-upstream.js';

export interface TokenEndpoint extends Pick<RecordingUpstream, 'url' | 'seen' | 'close'> {
  /** Whether it answers with tokens; else with 503. */
  isUp: boolean;
  /** The only secret that it takes; every one if it is not set. Another one is answered with `invalid_client`. */
  secret?: string;
  /** Whether it takes a login; another one is answered with `invalid_client`. */
  takes?: (request: IncomingMessage, seen: SeenRequest) => boolean;
  /** Keeps every answer back until `release()`. */
  hold(): void;
  release(): void;
}

/** A minimal token endpoint (RFC 6749 section 4.4): it issues `token-1`, `token-2`, ... with a life of an hour. */
export async function tokenEndpoint(...make: Parameters<typeof recordingUpstream>): Promise<TokenEndpoint> {
  const server = await recordingUpstream(...make);
  let count = 0;
  let held: (() => void)[] | undefined;
  const endpoint: TokenEndpoint = {
    url: server.url,
    seen: server.seen,
    isUp: true,
    hold: () => (held = []),
    release() {
      held?.forEach((answer) => answer());
      held = undefined;
    },
    close: server.close,
  };
  server.behave((request, response) => {
    const answer = () => {
      const { secret, takes = () => true } = endpoint;
      const isKnown = secret === undefined || request.headers.authorization === `Basic ${btoa(`gateway:${secret}`)}`;
      if (!isKnown || !takes(request, server.seen.at(-1)!)) {
        response.writeHead(401, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: 'invalid_client' }));
        return;
      }
      response.writeHead(endpoint.isUp ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: `token-${++count}`, token_type: 'Bearer', expires_in: 3600 }));
    };
    if (held) held.push(answer);
    else answer();
  });
  return endpoint;
}
