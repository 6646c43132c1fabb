import { Readable } from 'node:stream';
import { type Dispatcher } from 'undici';
import { isResendable } from '../core/door/resendable.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { type TokenService } from '../nest/token.service.js';
import { type Token } from '../core/contract/token.js';
import { Attempt } from './attempt.js';
import { withAuthorization, withoutAuthorization } from './authorization.js';
import { RelayController } from './relay-controller.js';

/**
 * Adds the integration's credential to each request of an undici dispatcher, in place of the caller's own `Authorization`:
 * `new Agent().compose(tokenInterceptor(tokens, 'billing'))`. A 401 invalidates that token and is tried once more, if the
 * body is a string or bytes; any other body is never sent twice. `fetch` gives its dispatcher streams only, so there just
 * requests without a body are tried again. Requests fail with the errors of `TokenService.getToken`.
 *
 * Compose `interceptors.redirect()` before this one: it then keeps the credential from other origins.
 *
 * @param request which token, when the integration has several
 */
export function tokenInterceptor(
  tokens: Pick<TokenService, 'getToken' | 'invalidate'>,
  integration: string,
  request?: TokenRequest,
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const controller = new RelayController();
    const headers = withoutAuthorization(options.headers);
    let invalidated: Promise<unknown> | undefined;

    const send = async (token: Token, drops: (status: number) => boolean): Promise<boolean> => {
      const attempt = new Attempt(handler, controller, drops);
      dispatch({ ...options, headers: withAuthorization(headers, token.authorization) }, attempt);
      return attempt.wasDropped;
    };

    const sendWithToken = async (): Promise<void> => {
      const token = await tokens.getToken(integration, request, abortable(options));
      const wasDropped = await send(token, (status) => {
        if (status !== 401) return false;
        invalidated = tokens.invalidate(token).catch(() => false);
        return isResendable(options.body);
      });
      if (!wasDropped) return;
      await invalidated;
      await send(await tokens.getToken(integration, request, { signal: controller.signal }), () => false);
    };

    tolerateEarlyFailure(options);
    sendWithToken()
      .catch((error: Error) => handler.onResponseError?.(controller, error))
      .catch(throwUncaught);
    return true;
  };
}

/** The signal of `request` and its kin; a handler learns of an abort only once its request has started. */
function abortable(options: Dispatcher.RequestOptions): { signal?: AbortSignal } {
  return options.signal instanceof AbortSignal ? { signal: options.signal } : {};
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
