import { Readable } from 'node:stream';
import { type Dispatcher } from 'undici';
import { type TokenRequest } from '../core/contract/token-request.js';
import { staysAtItsOrigin } from '../core/door/credential-at-origin.js';
import { isResendable } from '../core/door/resendable.js';
import { type Transport } from '../core/door/transport.js';
import { type TokenClient } from '../core/token-client.js';
import { DispatchAttempt } from './dispatch-attempt.js';
import { plainHeaders, withCredential } from './authorization.js';
import { RelayController } from './relay-controller.js';

const NO_REDIRECT = { maxRedirections: 0 };

/**
 * Adds the integration's credential to each request of an undici dispatcher, in place of the caller's own `Authorization`:
 * `new Agent().compose(tokenInterceptor(tokens, 'billing'))`. A refused token is handled by the rule of `TokenClient.send`;
 * a request is sent again only if its body is there in full, such as a string or bytes. `fetch` gives its dispatcher streams
 * only, so there just requests without a body are sent again. Requests fail with the errors of `TokenClient.getToken`.
 *
 * Compose `interceptors.redirect()` before this one: it then keeps `Authorization` from other origins, whose answers say nothing
 * of the token, and follows no redirect with any other header.
 *
 * @param request which token, when the integration has several
 */
export function tokenInterceptor(
  tokens: Pick<TokenClient, 'send'>,
  integration: string,
  request?: TokenRequest,
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const controller = new RelayController();
    const headers = plainHeaders(options.headers);
    const transport: Transport<DispatchAttempt> = {
      send(token, speaksAgainst) {
        const attempt = new DispatchAttempt(handler, controller, speaksAgainst);
        const sent = { ...options, headers: withCredential(headers, token.header) };
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
