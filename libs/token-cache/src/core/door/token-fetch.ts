import { type TokenRequest } from '../contract/token-request.js';
import { type Token } from '../contract/token.js';
import { givesWay, staysAtItsOrigin } from './credential-at-origin.js';
import { isResendable } from './resendable.js';
import { type Transport } from './transport.js';

/** What `fetch` takes, and which token. */
export interface TokenRequestInit extends RequestInit {
  /** Which token, when the integration has several. */
  token?: TokenRequest;
  /** How long the token must still be valid when the request is sent, as for a long upload; see `GetTokenOptions`. */
  minLifeMs?: number;
}

type Input = string | URL | Request;

/** One request of the global `fetch`. */
export function fetchTransport(input: Input, init: RequestInit): Transport<Response> {
  const { origin } = new URL(input instanceof Request ? input.url : input);
  return {
    send: (token) => fetch(input, withCredential(input, init, token)),
    statusOf: ({ status, headers, redirected, url }) => ({
      status,
      wwwAuthenticate: headers.get('www-authenticate'),
      carriedToken: !redirected || new URL(url).origin === origin,
    }),
    // The body of a `Request` is a stream, and a stream is gone once it is sent.
    canSendAgain: () => isResendable(init.body ?? (input instanceof Request ? input.body : undefined)),
    discard: (response) => response.body?.cancel(),
  };
}

/** The signal that ends a request of `fetch`. */
export function signalOf(input: Input, { signal }: RequestInit): AbortSignal | undefined {
  // Null is no signal, and takes the place of that of the `Request`.
  if (signal !== undefined) return signal ?? undefined;
  return input instanceof Request ? input.signal : undefined;
}

function withCredential(input: Input, init: RequestInit, token: Token): RequestInit {
  const given = input instanceof Request ? input : undefined;
  const credential = token.header;
  const others = [...new Headers(init.headers ?? given?.headers)].filter(([name]) => !givesWay(name, credential));
  const headers = new Headers([...others, [credential.name, credential.value]]);
  const redirect = init.redirect ?? given?.redirect;
  const mayFollow = staysAtItsOrigin(credential) || redirect === 'error';
  return { ...init, headers, ...(!mayFollow && { redirect: 'manual' }) };
}
