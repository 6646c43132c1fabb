import { type IdentityProviderFetch } from '@mintonce/token-cache/oauth';
import { EnvHttpProxyAgent, fetch, type RequestInit } from 'undici';
import { type OutboundProxy } from '../config/environment.js';

/** Set explicitly, so that `NODE_TLS_REJECT_UNAUTHORIZED` cannot turn the check off. */
const VERIFIED = { rejectUnauthorized: true };

/**
 * A `fetch` through the proxy of the environment, for the identity provider; undefined without one. A request without TLS goes
 * to this machine only, and therefore through no proxy.
 */
export function proxiedFetch(outbound: OutboundProxy | undefined): IdentityProviderFetch | undefined {
  if (!outbound) return undefined;
  const dispatcher = new EnvHttpProxyAgent({
    httpsProxy: outbound.url,
    noProxy: outbound.except,
    httpProxy: '',
    connect: VERIFIED,
    requestTls: VERIFIED,
    proxyTls: VERIFIED,
  });
  return async (url, init) => await fetch(url, { ...(init as RequestInit), dispatcher });
}
