/** The parts of a request target `/proxy/<integration>[/<path>][?<query>]`, as they were sent. */
export interface ProxyTarget {
  readonly integration: string;
  /** Empty, or begins with a slash. */
  readonly path: string;
  /** Empty, or begins with a question mark. */
  readonly query: string;
}

const TARGET = /^\/proxy\/([^/?#]+)([^?#]*)(\?[^#]*)?$/;
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

/** Splits the raw request target; never the router's idea of it, which is decoded. */
export function proxyTarget(rawUrl: string): ProxyTarget | undefined {
  const match = TARGET.exec(rawUrl.startsWith('/') ? rawUrl : rawUrl.replace(ABSOLUTE_FORM, ''));
  return match ? { integration: match[1]!, path: match[2]!, query: match[3] ?? '' } : undefined;
}

/**
 * The path to ask the upstream for, or undefined when some server on the way could read it as leading out of `basePath`.
 *
 * @param basePath path of the upstream's base, without a slash at the end
 */
export function upstreamPath(basePath: string, path: string): string | undefined {
  const joined = basePath + path || '/';
  return isHarmless(path) || staysBelow(basePath, joined, path) ? joined : undefined;
}

/** Most paths: visible ASCII with no escape, no backslash, no parameter and no segment that begins with a dot. */
function isHarmless(path: string): boolean {
  return !/[^\x21-\x7e]|[%\\;]|\/\./.test(path);
}

function staysBelow(basePath: string, joined: string, path: string): boolean {
  const decoded = decodeFully(path);
  if (decoded === undefined || hasControls(decoded) || decoded.includes('\\')) return false;
  if (decoded.split('/').some(isDotSegment)) return false;
  const { pathname } = new URL(`http://upstream${joined}`);
  return pathname === (basePath || '/') || pathname.startsWith(`${basePath}/`);
}

/** Nobody escapes this often in good faith. */
const MAX_ROUNDS = 5;

/** Decodes until nothing changes, as a chain of servers might; undefined when the bytes are not UTF-8. */
function decodeFully(path: string): string | undefined {
  let decoded = path;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = decodeOnce(decoded);
    if (next === undefined || next === decoded) return next;
    decoded = next;
  }
  return undefined;
}

function decodeOnce(text: string): string | undefined {
  try {
    // A percent sign that begins no escape is what an earlier round decoded it to.
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

function hasControls(text: string): boolean {
  return /[\x00-\x1f\x7f-\x9f]/.test(text);
}

/** `..`, also with parameters (`..;a=b`), and with what a second parser would take for a query or a fragment. */
function isDotSegment(segment: string): boolean {
  return /^\s*\.{1,2}\s*([;?#]|$)/.test(segment);
}
