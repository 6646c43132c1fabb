import { recordingUpstream, type RecordingUpstream } from './recording-upstream.js';

export interface TokenEndpoint extends Pick<RecordingUpstream, 'url' | 'seen' | 'close'> {
  /** Whether it gives out tokens; otherwise it answers 503. */
  isUp: boolean;
  /** Answers nothing until `release()`. */
  hold(): void;
  release(): void;
}

/** The least that a token endpoint does (RFC 6749 section 4.4): gives out `token-1`, `token-2`, ... for an hour. */
export async function tokenEndpoint(): Promise<TokenEndpoint> {
  const server = await recordingUpstream();
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
  server.behave((_request, response) => {
    const answer = () => {
      response.writeHead(endpoint.isUp ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: `token-${++count}`, token_type: 'Bearer', expires_in: 3600 }));
    };
    if (held) held.push(answer);
    else answer();
  });
  return endpoint;
}
