import { IncomingMessage } from 'node:http';
import axios, {
  type AxiosInstance,
  AxiosError,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type CredentialHeader } from '../core/contract/credential.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { givesWay, originOf, staysAtItsOrigin, withoutUserinfo } from '../core/door/credential-at-origin.js';
import { isResendable } from '../core/door/resendable.js';
import { type Transport } from '../core/door/transport.js';
import { type TokenClient } from '../core/token-client.js';

type Config = InternalAxiosRequestConfig;

/** The next request of a redirect, in the form of follow-redirects. */
interface NextRequest {
  readonly href?: unknown;
  readonly headers: Record<string, unknown>;
}
type OnRedirect = (next: NextRequest, passOn: () => void) => void;
type BeforeRedirect = (next: NextRequest, ...details: never[]) => void;
interface TransportOptions {
  beforeRedirect?: BeforeRedirect;
}
interface NodeTransport {
  request(options: TransportOptions, onResponse: unknown): unknown;
}

/** What axios takes a URL without an origin to be below. */
const BASE = 'http://localhost';

/** What axios made of an answer: it rejects with those that `validateStatus` refuses. */
interface Answer {
  readonly response: AxiosResponse;
  readonly error?: AxiosError;
  readonly carriedToken: boolean;
}

/**
 * Adds the integration's credential to each request of an axios instance, in place of its own `Authorization`, `auth` or the
 * user in its URL. A refused token is handled by the rule of `TokenClient.send`; a request is sent again only if its body is there in full once
 * axios has serialized it, and a stream never is. Interceptors see one request and one response, neither of which holds the
 * token in its `config`. With a header other than `Authorization` no redirect is followed. An answer that axios gives up, such as one
 * above `maxContentLength`, says nothing of the token; one that the adapter `fetch` was redirected to is taken for the upstream's.
 * A caller's `transport` that follows redirects must call `beforeRedirect` and heed `followRedirects`, as follow-redirects does. An
 * interceptor that sets `adapter` must be registered after this one, as it runs before, or requests go without the credential.
 *
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
  const origin = originOf(axios.getUri({ ...config, params: undefined }), BASE);
  return {
    async send(token) {
      const { value } = token.header;
      let carriedToken = true;
      const attempt = watchingRedirects(withCredential(config, token.header), (options, passOn) => {
        // follow-redirects keeps `Authorization` for a subdomain, and for HTTPS after HTTP.
        if (originOf(String(options.href)) !== origin) removeValue(options.headers, value);
        passOn();
        carriedToken = Object.values(options.headers).includes(value);
      });
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
  const sent = { ...config, headers, auth: undefined, ...addressOf(config) };
  if (staysAtItsOrigin(credential)) return sent;
  // The adapter `fetch` of older versions does not heed `maxRedirects`.
  return { ...sent, maxRedirects: 0, fetchOptions: { ...config.fetchOptions, redirect: 'manual' } };
}

/** Has `onRedirect` hear of each redirect before the caller; axios tells its `beforeRedirect` nothing of a caller's `transport`. */
function watchingRedirects(config: Config, onRedirect: OnRedirect): Config {
  const watching =
    (callers?: BeforeRedirect): BeforeRedirect =>
    (next, ...details) =>
      onRedirect(next, () => callers?.(next, ...details));
  const beforeRedirect = watching(config.beforeRedirect as BeforeRedirect | undefined) as Config['beforeRedirect'];
  const own = config.transport as NodeTransport | undefined;
  if (!own) return { ...config, beforeRedirect };
  // follow-redirects does not take `maxRedirects: 0` for an order to give back the redirect.
  const policy = config.maxRedirects === 0 ? { followRedirects: false } : {};
  const request: NodeTransport['request'] = (options, onResponse) =>
    own.request({ ...options, ...policy, beforeRedirect: watching(options.beforeRedirect) }, onResponse);
  return { ...config, transport: { ...own, request } };
}

function removeValue(headers: Record<string, unknown>, value: string): void {
  for (const name of Object.keys(headers)) if (headers[name] === value) delete headers[name];
}

/** axios makes an `Authorization` of the user in a URL, and that takes the place of the header. */
function addressOf({ url, baseURL }: Config): Pick<Config, 'url' | 'baseURL'> {
  return {
    ...(url && { url: withoutUserinfo(url, BASE) }),
    ...(baseURL && { baseURL: withoutUserinfo(baseURL, BASE) }),
  };
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
function hideRequest(holder: { request?: unknown; data?: unknown }): void {
  hide(holder, ['request']);
  // A stream is the answer of Node itself, which knows its request, and its connection that does.
  if (holder.data instanceof IncomingMessage) hide(holder.data, ['req', 'socket', 'client']);
}

function hide(holder: object, names: readonly string[]): void {
  for (const name of names) {
    const value: unknown = Reflect.get(holder, name);
    Object.defineProperty(holder, name, { value, enumerable: false, configurable: true, writable: true });
  }
}

/** A response that was asked for as a stream keeps its connection until it is read or destroyed. */
async function discard({ config, data }: AxiosResponse): Promise<void> {
  if (config.responseType !== 'stream') return;
  if (data instanceof ReadableStream) await data.cancel();
  else (data as NodeJS.ReadableStream & { destroy(): void }).destroy();
}
