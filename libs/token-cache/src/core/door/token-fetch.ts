import { type TokenRequest } from '../contract/token-request.js';
import { type Token } from '../contract/token.js';
import { type TokenService } from '../../nest/token.service.js';

export interface TokenRequestInit extends RequestInit {
  /** Which token, when the integration has several. */
  token?: TokenRequest;
}

/** Sends a request with the integration's credential, once more with a new one after a 401. */
export async function fetchWithToken(
  tokens: Pick<TokenService, 'getToken' | 'invalidate'>,
  integration: string,
  input: string | URL | Request,
  { token: request, ...init }: TokenRequestInit = {},
): Promise<Response> {
  const signal = init.signal ?? (input instanceof Request ? input.signal : undefined);
  const options = signal ? { signal } : {};
  const token = await tokens.getToken(integration, request, options);
  const response = await fetch(...withCredential(input, init, token));
  if (response.status !== 401) return response;
  await tokens.invalidate(token);
  if (!canSendAgain(input, init)) return response;
  await response.body?.cancel();
  return fetch(...withCredential(input, init, await tokens.getToken(integration, request, options)));
}

function withCredential(input: string | URL | Request, init: RequestInit, token: Token): [typeof input, RequestInit] {
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.set('authorization', token.authorization);
  return [input, { ...init, headers }];
}

/** The body of a `Request` is a stream, and a stream is gone once it is sent. */
function canSendAgain(input: string | URL | Request, { body }: RequestInit): boolean {
  if (body === undefined || body === null) return !(input instanceof Request) || input.body === null;
  return !(Symbol.asyncIterator in Object(body));
}
