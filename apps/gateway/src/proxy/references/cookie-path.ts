import { belowBase, type Mount } from './gateway-reference.js';

/**
 * A `Set-Cookie` of the upstream (RFC 6265 section 5.2) for the caller: it counts for the integration's paths at the gateway, and
 * for the gateway's host. Undefined for a cookie of a path that the gateway does not forward to: there, it could be meant for
 * another integration.
 *
 * @param isBase whether the caller asked for `/proxy/<integration>` itself, whose default path would cover all integrations
 */
export function gatewayCookie(cookie: string, mount: Mount, isBase: boolean): string | undefined {
  const [pair = '', ...attributes] = cookie.split(';');
  const path = pathOf(attributes) ?? (isBase ? mount.basePath || '/' : undefined);
  // The upstream's domain is not the gateway's, and a caller would refuse the cookie for it.
  const kept = [pair, ...attributes.filter((attribute) => !['path', 'domain'].includes(nameOf(attribute)))];
  if (path === undefined) return kept.join(';');
  const mapped = gatewayCookiePath(path, mount);
  return mapped === undefined ? undefined : `${kept.join(';')}; Path=${mapped}`;
}

function gatewayCookiePath(path: string, { basePath, gatewayPath }: Mount): string | undefined {
  const below = path === '/' ? undefined : belowBase(path, { basePath });
  if (below !== undefined) return gatewayPath + below;
  return withSlash(basePath).startsWith(withSlash(path)) ? gatewayPath : undefined;
}

/** The last `Path`; one that does not begin with a slash counts as none. */
function pathOf(attributes: readonly string[]): string | undefined {
  const last = attributes.findLast((attribute) => nameOf(attribute) === 'path');
  const path = last?.slice(last.indexOf('=') + 1).trim();
  return path?.startsWith('/') ? path : undefined;
}

function nameOf(attribute: string): string {
  return attribute.split('=', 1)[0]!.trim().toLowerCase();
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
