import axios, {
  type AxiosInstance,
  AxiosError,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type CredentialHeader } from '../core/contract/credential.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { givesWay, staysAtItsOrigin } from '../core/door/credential-at-origin.js';
import { isResendable } from '../core/door/resendable.js';
import { type Transport } from '../core/door/transport.js';
import { type TokenClient } from '../core/token-client.js';

type Config = InternalAxiosRequestConfig;

/** What axios made of an answer: it rejects with those that `validateStatus` refuses. */
interface Answer {
  readonly response: AxiosResponse;
  readonly error?: AxiosError;
  readonly carriedToken: boolean;
}

/**
 * Adds the integration's credential to each request of an axios instance, in place of its own `Authorization` or `auth`. A
 * refused token is handled by the rule of `TokenClient.send`; a request is sent again only if its body is there in full once
 * axios has serialized it, and a stream never is. Interceptors see one request and one response, neither of which holds the
 * token in its `config`. With a header other than `Authorization` no redirect is followed. An answer that axios gives up, such as one
 * above `maxContentLength`, says nothing of the token; one that the adapter `fetch` was redirected to is taken for the upstream's.
 * Requests fail with the errors of `TokenClient.getToken`; one that was aborted while it waited for a
 * token, with axios' `CanceledError`.
 *
 * @param request which token, when the integration has several
 * @returns a function that ends this
 */
export function useToken(
  client: AxiosInstance,
  tokens: Pick<TokenClient, 'send'>,
  integration: string,
  request?: TokenRequest,
): () => void {
  const id = client.interceptors.request.use((config) => {
    const own = config.adapter;
    const adapter = axios.getAdapter(own);
    config.adapter = async (dispatched) => {
      // The caller may send this configuration once more, which must not end in two tokens for one request.
      const sent = { ...dispatched, adapter: own };
      const signal = sent.signal instanceof AbortSignal ? sent.signal : undefined;
      try {
        const answer = await tokens.send(integration, transportOf(adapter, sent), { request, signal });
        return resultOf(answer, sent);
      } catch (error) {
        if (signal?.aborted) throw new CanceledError(undefined, undefined, sent);
        throw error;
      }
    };
    return config;
  });
  return () => client.interceptors.request.eject(id);
}

function transportOf(adapter: ReturnType<typeof axios.getAdapter>, config: Config): Transport<Answer> {
  return {
    async send(token) {
      let carriedToken = true;
      const beforeRedirect: Config['beforeRedirect'] = (options, ...rest) => {
        config.beforeRedirect?.(options, ...rest);
        carriedToken = hasAuthorization(options.headers as Record<string, unknown>);
      };
      const attempt = { ...withCredential(config, token.header), beforeRedirect };
      try {
        return { response: await adapter(attempt), carriedToken };
      } catch (error) {
        if (error instanceof AxiosError && error.response) return { response: error.response, error, carriedToken };
        throw withoutToken(error, config);
      }
    },
    statusOf: ({ response, carriedToken }) => ({
      status: response.status,
      wwwAuthenticate: response.headers['www-authenticate'] as string | undefined,
      carriedToken,
    }),
    canSendAgain: () => isResendable(config.data),
    discard: ({ response }) => discard(response),
  };
}

function withCredential(config: Config, credential: CredentialHeader): Config {
  const headers = config.headers.concat();
  for (const name of Object.keys(headers)) if (givesWay(name, credential)) headers.delete(name);
  headers.set(credential.name, credential.value);
  const sent = { ...config, headers, auth: undefined };
  if (staysAtItsOrigin(credential)) return sent;
  // The adapter `fetch` of older versions does not heed `maxRedirects`.
  return { ...sent, maxRedirects: 0, fetchOptions: { ...config.fetchOptions, redirect: 'manual' } };
}

function hasAuthorization(headers: Record<string, unknown>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}

/** What the caller gets, with the configuration that it sent: that of the attempt holds the token. */
function resultOf({ response, error }: Answer, config: Config): AxiosResponse {
  response.config = config;
  hideRequest(response);
  if (error) throw withoutToken(error, config);
  return response;
}

function withoutToken(error: unknown, config: Config): unknown {
  if (!(error instanceof AxiosError)) return error;
  error.config = config;
  hideRequest(error);
  return error;
}

/** The request of Node holds the header with the token; an answer or an error that is printed must not show it. */
function hideRequest(holder: { request?: unknown }): void {
  Object.defineProperty(holder, 'request', {
    value: holder.request,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/** A response that was asked for as a stream keeps its connection until it is read or destroyed. */
async function discard({ config, data }: AxiosResponse): Promise<void> {
  if (config.responseType !== 'stream') return;
  if (data instanceof ReadableStream) await data.cancel();
  else (data as NodeJS.ReadableStream & { destroy(): void }).destroy();
}
