import { type IncomingMessage } from 'node:http';
import { proxyTarget } from '../proxy/upstream-target.js';

/** A route as the router matched it. Its own view counts: it is the one by which the request is then served. */
export interface RouteMatch {
  /** The pattern of the route; undefined if there is none. */
  readonly pattern?: string;
  /** Decoded parameters of the pattern. */
  readonly params: Readonly<Record<string, string>>;
}

/** What a request asks for. */
export type Requirement =
  /** Tells nothing but whether the gateway works. */
  | { readonly kind: 'open' }
  /** Forwards with an integration's token. */
  | { readonly kind: 'use'; readonly integration: string; readonly method: string; readonly path: string }
  | { readonly kind: 'purge'; readonly integration: string }
  /** Hands out an integration's token. */
  | { readonly kind: 'token'; readonly integration: string }
  /** Tells of the caller's own integrations, or that there is no such route. */
  | { readonly kind: 'any' }
  /** Tells of all integrations. */
  | { readonly kind: 'operations' };

const OPEN = new Set(['/health/live', '/health/ready']);
const PURGE = '/api/integrations/:name/purge';
const TOKEN = '/token/:integration';

/** What a request asks for. A route that is not listed here tells of all integrations, so that a new one is not open. */
export function requirementOf(
  { pattern, params }: RouteMatch,
  { method, url }: Pick<IncomingMessage, 'method' | 'url'>,
): Requirement {
  if (pattern === undefined || pattern === '/api/integrations') return { kind: 'any' };
  if (OPEN.has(pattern)) return { kind: 'open' };
  if (pattern === PURGE) return { kind: 'purge', integration: params['name'] ?? '' };
  if (pattern === TOKEN) return { kind: 'token', integration: params['integration'] ?? '' };
  if (pattern !== '/proxy/*') return { kind: 'operations' };
  // The proxy reads the target itself, and refuses what is none.
  const target = proxyTarget(url!);
  return target ? { kind: 'use', ...target, method: method! } : { kind: 'any' };
}
