import { Agent, fetch } from 'undici';
import { type OutboundProxy } from '../config/environment.js';
import { tokenEndpointFetch } from '../tokens/token-endpoint-fetch.js';

/** A `fetch` for the metadata and keys of an issuer. */
export type IssuerFetch = (url: string, init: RequestInit) => Promise<Response>;

/** The certificate is verified whatever `NODE_TLS_REJECT_UNAUTHORIZED` says: who could exchange the keys could let anybody in. */
export function issuerFetch(outbound: OutboundProxy | undefined): IssuerFetch {
  const proxied = tokenEndpointFetch(outbound, undefined);
  if (proxied) return async (url, init) => await proxied(url, init);
  const dispatcher = new Agent({ connect: { rejectUnauthorized: true }, pipelining: 0 });
  return async (url, init) => await fetch(url, { ...init, dispatcher } as object);
}
