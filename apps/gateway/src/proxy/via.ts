import { type IncomingMessage } from 'node:http';

const PSEUDONYM = 'mintonce';
/** More gateways in a row are a loop: an integration whose upstream is the gateway itself. */
const MAX_HOPS = 5;

/** The `Via` for the upstream (RFC 9110 section 7.6.3): the caller's, and this hop. */
export function viaOf({ headers, httpVersion }: IncomingMessage): string {
  const hop = `${httpVersion} ${PSEUDONYM}`;
  return headers.via ? `${headers.via}, ${hop}` : hop;
}

/** Whether a request went through so many gateways that it goes in circles. */
export function isLooping({ headers: { via } }: IncomingMessage): boolean {
  if (via === undefined) return false;
  return via.split(',').filter((hop) => hop.trim().split(/\s+/)[1] === PSEUDONYM).length >= MAX_HOPS;
}
