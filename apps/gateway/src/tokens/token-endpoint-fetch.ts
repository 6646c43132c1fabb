import { type IdentityProviderFetch } from '@mintonce/token-cache/oauth';
import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch, type RequestInit } from 'undici';
import { type ClientTls, type ReadClientTls } from '../config/client-tls.js';
import { type OutboundProxy } from '../config/environment.js';
import { remade } from '../remade.js';

/** Set explicitly, so that `NODE_TLS_REJECT_UNAUTHORIZED` cannot turn the check off. */
const VERIFIED = { rejectUnauthorized: true };

/**
 * A `fetch` to the identity provider through the proxy of the environment, and with the options of the `tls` section. Undefined
 * without either: the library has its own.
 */
export function tokenEndpointFetch(
  outbound: OutboundProxy | undefined,
  tls: ReadClientTls | undefined,
): IdentityProviderFetch | undefined {
  if (!outbound && !tls) return undefined;
  const dispatcher = remade(tls ?? (() => NO_OPTIONS), (options) => dispatcherOf(outbound, options));
  return async (url, init) => await fetch(url, { ...(init as RequestInit), dispatcher: dispatcher() });
}

const NO_OPTIONS: ClientTls = {};

/** A request without TLS goes to this machine only, and therefore through no proxy. */
function dispatcherOf(outbound: OutboundProxy | undefined, tls: ClientTls): Dispatcher {
  const connect = { ...tls, ...VERIFIED };
  if (!outbound) return new Agent({ connect });
  return new EnvHttpProxyAgent({
    httpsProxy: outbound.url,
    noProxy: outbound.except,
    httpProxy: '',
    connect,
    requestTls: connect,
    proxyTls: VERIFIED,
  });
}
