import { type Readable } from 'node:stream';
import axios, { type AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { isResendable } from '../core/door/resendable.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { type TokenService } from '../nest/token.service.js';
import { type Token } from '../core/contract/token.js';

/** Which token a request was sent with; a symbol, so that it survives a spread but is not printed with the config. */
const TOKEN = Symbol('token');
type TokenConfig = InternalAxiosRequestConfig & { [TOKEN]?: Token };

/**
 * Adds the integration's credential to each request of an axios instance, in place of its own `Authorization` or `auth`. A
 * 401 invalidates that token and is tried once more, if the body is a string or bytes once axios has serialized it; a stream
 * or a form is never sent twice. The other interceptors see one request and one response. Requests fail with the errors of
 * `TokenService.getToken`; one that was aborted while it waited for a token, with axios' `CanceledError`.
 *
 * @param request which token, when the integration has several
 * @returns a function that ends this
 */
export function useToken(
  client: AxiosInstance,
  tokens: Pick<TokenService, 'getToken' | 'invalidate'>,
  integration: string,
  request?: TokenRequest,
): () => void {
  // The second try has been through the interceptors and the defaults of `client` already.
  const bare = new axios.Axios();

  const authorize = async (config: TokenConfig): Promise<TokenConfig> => {
    try {
      const token = await tokens.getToken(integration, request, abortable(config));
      config.headers.set('Authorization', token.authorization);
      delete config.auth;
      config[TOKEN] = token;
    } catch (error) {
      // Instead of sending an aborted request, axios throws its `CanceledError`.
      if (!config.signal?.aborted) throw error;
    }
    return config;
  };

  const tryAgain = async (
    response: AxiosResponse<unknown> | undefined,
    giveUp: () => AxiosResponse,
  ): Promise<AxiosResponse> => {
    const config: TokenConfig | undefined = response?.config;
    if (response?.status !== 401 || !config?.[TOKEN]) return giveUp();
    await tokens.invalidate(config[TOKEN]);
    if (!isResendable(config.data)) return giveUp();
    await discard(response);
    return bare.request(await authorize({ ...config, headers: config.headers.concat(), transformRequest: [] }));
  };

  const onRequest = client.interceptors.request.use(authorize);
  const onResponse = client.interceptors.response.use(
    (response) => tryAgain(response, () => response),
    // Another interceptor may reject with anything, nothing included.
    (error: AxiosError) =>
      tryAgain(error?.response, () => {
        throw error;
      }),
  );
  return () => {
    client.interceptors.request.eject(onRequest);
    client.interceptors.response.eject(onResponse);
  };
}

function abortable({ signal }: InternalAxiosRequestConfig): { signal?: AbortSignal } {
  return signal instanceof AbortSignal ? { signal } : {};
}

/** A response that was asked for as a stream keeps its connection until somebody reads or destroys it. */
async function discard({ config, data }: AxiosResponse<unknown>): Promise<void> {
  if (config.responseType !== 'stream') return;
  if (data instanceof ReadableStream) await data.cancel();
  else (data as Readable).destroy();
}
