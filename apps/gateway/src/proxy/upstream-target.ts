/** The parts of a request target `/proxy/<integration>[/<path>][?<query>]`, not decoded. */
export interface ProxyTarget {
  readonly integration: string;
  /** Empty, or begins with a slash. */
  readonly path: string;
  /** Empty, or begins with a question mark. */
  readonly query: string;
}

const TARGET = /^\/proxy\/([^/?#]+)([^?#]*)(\?[^#]*)?$/;
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

/** Splits the raw request target. The router's path is not used, because it is decoded. */
export function proxyTarget(rawUrl: string): ProxyTarget | undefined {
  const match = TARGET.exec(rawUrl.startsWith('/') ? rawUrl : rawUrl.replace(ABSOLUTE_FORM, ''));
  return match ? { integration: match[1]!, path: match[2]!, query: match[3] ?? '' } : undefined;
}

/**
 * The path of the request to the upstream; undefined if any server on the way could resolve it to a path outside `basePath`.
 *
 * @param basePath path of the upstream's base, without a slash at the end
 */
export function upstreamPath(basePath: string, path: string): string | undefined {
  const joined = basePath + path || '/';
  return isHarmless(path) || staysBelow(basePath, joined, path) ? joined : undefined;
}

/** A fast check that most paths pass: visible ASCII without escapes, backslashes, parameters and segments that begin with a dot. */
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

/** A path with more layers of encoding is refused. */
const MAX_ROUNDS = 5;

/** Decodes until nothing changes, as a chain of servers might; undefined if the bytes are not UTF-8 or the layers too many. */
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
    // A percent sign that begins no escape is the result of an earlier round.
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

function hasControls(text: string): boolean {
  return /[\x00-\x1f\x7f-\x9f]/.test(text);
}

/** Whether a segment is `.` or `..`, also followed by parameters (`..;a=b`), a query or a fragment. */
function isDotSegment(segment: string): boolean {
  return /^\s*\.{1,2}\s*([;?#]|$)/.test(segment);
}
