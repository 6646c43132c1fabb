/** Where an upstream is seen at the gateway. */
export interface Mount {
  /** Path of the upstream's base, without a slash at the end. */
  readonly basePath: string;
  /** Path of the base at the gateway: `/proxy/<integration>`. */
  readonly gatewayPath: string;
}

/** What the references of one answer are seen from. */
export interface ReferenceContext extends Mount {
  /** URL of the request to the upstream, against which references are resolved. */
  readonly requestUrl: URL;
  /** The gateway's own host and port, as the caller named them: an upstream that heeds `X-Forwarded-Host` answers with them. */
  readonly gatewayHost?: string;
}

/** A reference for the caller. */
export interface GatewayReference {
  readonly reference: string;
  /** Whether it leads past the gateway. */
  readonly isForeign: boolean;
}

/**
 * What a reference (RFC 3986 section 4.1) of the upstream is for the caller. Below the upstream's base it becomes a path of the
 * gateway. One to another host stays as it is. One that leads out of the base without naming the upstream is made absolute: at
 * the gateway it would lead to another integration. What is no reference to a place of HTTP stays as it is.
 */
export function gatewayReference(given: string, context: ReferenceContext): GatewayReference {
  const url = resolve(given, context.requestUrl);
  if (!url) return { reference: given, isForeign: false };
  if (isOfGateway(url, context)) {
    if (belowBase(url.pathname, { basePath: context.gatewayPath }) !== undefined) {
      return { reference: given, isForeign: false };
    }
    return upstreamReference(new URL(pathAndMore(url), context.requestUrl.origin), context);
  }
  if (namesUpstream(url, context.requestUrl)) return upstreamReference(url, context, given);
  return { reference: given, isForeign: true };
}

function upstreamReference(url: URL, context: ReferenceContext, given = ''): GatewayReference {
  const below = belowBase(url.pathname, context);
  if (below === undefined) return { reference: namesHost(given) ? given : url.href, isForeign: true };
  return { reference: context.gatewayPath + below + url.search + url.hash, isForeign: false };
}

/** The part of an upstream's path below its base; undefined for a path outside. */
export function belowBase(path: string, { basePath }: Pick<Mount, 'basePath'>): string | undefined {
  return path === basePath || path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

function resolve(reference: string, base: URL): URL | undefined {
  // An empty reference or a fragment names the answer itself, whatever its address.
  if (/^\s*(#|$)/.test(reference)) return undefined;
  // A header holds bytes, as Latin-1; to parse them as characters would encode them a second time.
  const ascii = reference.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  const url = URL.canParse(ascii, base.href) ? new URL(ascii, base) : undefined;
  return url && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
}

function pathAndMore({ pathname, search, hash }: URL): string {
  // A path that begins with two slashes would name a host.
  return `/.${pathname}${search}${hash}`;
}

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** Whether both URLs name one host. The scheme does not count: a server behind TLS termination takes itself for http. */
function namesUpstream(url: URL, upstream: URL): boolean {
  if (url.hostname !== upstream.hostname) return false;
  return portOf(url) === portOf(upstream) || (url.port === '' && upstream.port === '');
}

function isOfGateway(url: URL, { gatewayHost, requestUrl }: ReferenceContext): boolean {
  return url.host === gatewayHost && url.host !== requestUrl.host;
}

function portOf({ port, protocol }: URL): string {
  return port || DEFAULT_PORTS[protocol]!;
}

function namesHost(reference: string): boolean {
  return /^\s*([a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(reference);
}
