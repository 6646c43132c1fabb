import { Readable } from 'node:stream';
import { type Dispatcher } from 'undici';
import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { originOf, redirectedAway, staysAtItsOrigin } from '../core/door/credential-at-origin.js';
import { isResendable } from '../core/door/resendable.js';
import { type Transport } from '../core/door/transport.js';
import { type TokenClient } from '../core/token-client.js';
import { type Destination, DispatchAttempt } from './dispatch-attempt.js';
import { isOfFetch, plainHeaders, withCredential } from './authorization.js';
import { RelayController } from './relay-controller.js';

const NO_REDIRECT = { maxRedirections: 0 };

/** Which token, when the integration has several, and where to. */
export interface TokenInterceptorOptions extends TokenRequest {
  /**
   * The only origins that are sent the credential, each as a URL such as `https://billing.example`; requests to others pass as
   * they are. @defaultValue every origin that a caller asks, but none that a redirect leads to
   */
  origins?: string | readonly string[];
}

/**
 * Adds the integration's credential to each request of an undici dispatcher, in place of the caller's own `Authorization`:
 * `new Agent().compose(tokenInterceptor(tokens, 'billing'))`. A refused token is handled by the rule of `TokenClient.send`;
 * a request is sent again only if its body is there in full, such as a string or bytes. `fetch` gives its dispatcher streams
 * only, so there just requests without a body are sent again. Requests fail with the errors of `TokenClient.getToken`.
 *
 * Compose `interceptors.redirect()` before this one: it then keeps `Authorization` from other origins, whose answers say nothing
 * of the token, and follows no redirect with any other header.
 *
 * `fetch` follows redirects above its dispatcher, where each step looks like a request of the caller. Without `origins`, a request
 * of `fetch` (one with `sec-fetch-mode`) fails with `TokenConfigError` when it is redirected to another origin, also with
 * `redirect: 'manual'`, and so does one of `interceptors.redirect()` right above. Other code that follows redirects above this
 * interceptor needs `origins`.
 *
 * @throws TokenConfigError when one of `origins` is no URL
 */
export function tokenInterceptor(
  tokens: Pick<TokenClient, 'send'>,
  integration: string,
  { origins, ...request }: TokenInterceptorOptions = {},
): Dispatcher.DispatcherComposeInterceptor {
  const served = origins === undefined ? undefined : new Set<string | undefined>([origins].flat().map(servedOrigin));
  /** Where each handler went first: the redirect interceptor, composed above, goes on with the same one. */
  const firstOrigins = new WeakMap<Dispatcher.DispatchHandler, string>();

  return (dispatch) => (options, handler) => {
    const origin = options.origin ? originOf(options.origin) : undefined;
    if (served && options.origin && !served.has(origin)) return dispatch(options, handler);
    const controller = new RelayController();
    const firstOrigin = firstOrigins.get(handler);
    if (!served && firstOrigin && firstOrigin !== origin) {
      handler.onResponseError?.(controller, redirectedAway(firstOrigin));
      return true;
    }
    if (origin) firstOrigins.set(handler, origin);
    const headers = plainHeaders(options.headers);
    const destination: Destination = { ...(origin && { origin }), isConfined: !served && isOfFetch(headers) };
    const transport: Transport<DispatchAttempt> = {
      send(token, speaksAgainst) {
        const attempt = new DispatchAttempt(handler, controller, speaksAgainst, destination);
        // The redirect interceptor compares origins as texts.
        const sent = { ...options, ...(origin && { origin }), headers: withCredential(headers, token.header) };
        // The redirect interceptor heeds this, which `DispatchOptions` does not declare.
        dispatch(staysAtItsOrigin(token.header) ? sent : { ...sent, ...NO_REDIRECT }, attempt);
        return attempt.begun;
      },
      statusOf: (attempt) => attempt.status,
      canSendAgain: () => isResendable(options.body),
      discard: (attempt) => attempt.discard(),
    };
    tolerateEarlyFailure(options);
    const unfollow = followSignal(options, controller);
    tokens
      .send(integration, transport, { request, signal: controller.signal })
      .finally(unfollow)
      .then(
        (attempt) => attempt.release(),
        (error: Error) => handler.onResponseError?.(controller, error),
      )
      .catch(throwUncaught);
    return true;
  };
}

function servedOrigin(url: string): string {
  const origin = originOf(url);
  if (!origin) throw new TokenConfigError('origins', 'must be URLs with an origin, such as https://billing.example');
  return origin;
}

/** Heeds the signal of `request` and its kin: a handler learns of an abort only once its request has started. */
function followSignal({ signal }: Dispatcher.RequestOptions, controller: RelayController): () => void {
  if (!(signal instanceof AbortSignal)) return () => {};
  const onAbort = (): void => controller.cancel(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}

/** undici listens to the body once it is sent; a stream that fails before would end the process. */
function tolerateEarlyFailure({ body }: Dispatcher.DispatchOptions): void {
  if (body instanceof Readable) body.on('error', () => undefined);
}

/** A handler that throws on its last call gets no other one; undici, too, leaves that to `uncaughtException`. */
function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
