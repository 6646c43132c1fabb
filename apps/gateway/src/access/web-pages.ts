import { type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Problem } from '../proxy/problem.js';
import { doorOf, type DoorName } from './doors.js';
import { hostFields, hostOf, isThisMachine, namedAuthorities } from './authority.js';

const invalidHost: Problem = {
  status: 400,
  code: 'GATEWAY_HOST_INVALID',
  title: 'Host refused',
  detail: 'The request must have one Host field with a host and a port: send it once, and well-formed',
};

const foreignHost: Problem = {
  status: 421,
  code: 'GATEWAY_HOST_FOREIGN',
  title: 'Not the host asked for',
  detail: 'The gateway does not answer to this host: call it by its address, or add the name to listen.hosts',
};

const crossOrigin: Problem = {
  status: 403,
  code: 'GATEWAY_ORIGIN_FOREIGN',
  title: 'Cross-origin request refused',
  detail: 'Web pages of others must not use the credentials: call the gateway from a program, not from a page',
};

/** Values of `Sec-Fetch-Site` (W3C Fetch Metadata) that no page of another origin has. */
const OWN_SITES = new Set([undefined, 'same-origin', 'none']);

/** The hosts that the gateway is. */
export interface HostRules {
  /** Names beside those of loopback, in lower case. */
  readonly names: ReadonlySet<string>;
  /** The doors that listen beyond loopback. They answer to any address: a page can make a name its own, and no address. */
  readonly reachableDoors: ReadonlySet<DoorName>;
}

/**
 * The problem of a request that a web page of another origin may have sent through a browser; undefined for any other. A name
 * that resolves to the gateway makes a page look like the gateway's own (DNS rebinding), so that the name counts as well.
 * Neither rule depends on the method: a page that reads is as bad as one that writes.
 */
export function webPageProblem(request: IncomingMessage, hosts: HostRules): Problem | undefined {
  if (hostFields(request.rawHeaders).length > 1) return invalidHost;
  for (const authority of namedAuthorities(request)) {
    const host = hostOf(authority);
    if (host === undefined) return invalidHost;
    if (!isThisMachine(host) && !hosts.names.has(host) && !isAddressOfDoor(host, request, hosts)) return foreignHost;
  }
  return isOfOwnOrigin(request) ? undefined : crossOrigin;
}

function isAddressOfDoor(host: string, request: IncomingMessage, { reachableDoors }: HostRules): boolean {
  return reachableDoors.has(doorOf(request)) && isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function isOfOwnOrigin({ headers }: IncomingMessage): boolean {
  if (!OWN_SITES.has(headers['sec-fetch-site'])) return false;
  const { origin, host } = headers;
  return origin === undefined || /^https?:\/\/(.*)$/i.exec(origin)?.[1]?.toLowerCase() === host?.toLowerCase();
}
