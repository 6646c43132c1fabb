/** The gateway's name in `Proxy-Status` (RFC 9209). */
const NAME = 'mintonce';

/** Types of section 2.3 by the code of a problem. */
const TYPES = new Map([
  ['GATEWAY_UPSTREAM_TIMEOUT', 'http_response_timeout'],
  ['GATEWAY_UPSTREAM_UNREACHABLE', 'destination_unavailable'],
  ['GATEWAY_UPSTREAM_UNTRUSTED', 'tls_certificate_error'],
  ['GATEWAY_UPSTREAM_BUSY', 'connection_limit_reached'],
  ['GATEWAY_UPSTREAM_FAILED', 'http_protocol_error'],
  ['GATEWAY_LOOP', 'proxy_loop_detected'],
  ['GATEWAY_INTERNAL', 'proxy_internal_error'],
  ['TOKEN_SOURCE_REJECTED', 'proxy_configuration_error'],
]);

/** The field of an answer that is the gateway's own: why it is not the upstream's. */
export function ownProxyStatus({ status, code }: { readonly status: number; readonly code: string }): string {
  return `${NAME}; error=${TYPES.get(code) ?? typeOf(status)}; details="${code}"`;
}

function typeOf(status: number): string {
  if (status === 401 || status === 403 || status === 429) return 'http_request_denied';
  return status < 500 ? 'http_request_error' : 'proxy_internal_error';
}

/** From this status on a caller asks whose answer it is. */
const FIRST_ERROR = 400;

/**
 * The field of an answer that is the upstream's: what the hops behind the gateway said, and that the status came from there.
 * Undefined if there is nothing to say.
 */
export function relayedProxyStatus(status: number, given: string | string[] | undefined): string | undefined {
  const hops = [given ?? []].flat().join(', ');
  const own = status < FIRST_ERROR ? [] : [`${NAME}; received-status=${status}`];
  const members = [...(isList(hops) ? [hops] : []), ...own];
  return members.length > 0 ? members.join(', ') : undefined;
}

const TOKEN = String.raw`[A-Za-z*][\w!#$%&'*+.^|~:/\x60-]*`;
const STRING = String.raw`"(?:[ !\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const PARAMETER = String.raw`; *[a-z*][\w.*-]*(?:=(?:${TOKEN}|${STRING}|-?\d{1,15}(?:\.\d{1,3})?|\?[01]|:[\w+/=]*:))?`;
const MEMBER = String.raw`(?:${TOKEN}|${STRING})(?:${PARAMETER})*`;
const LIST = new RegExp(String.raw`^${MEMBER}(?:[ \t]*,[ \t]*${MEMBER})*$`);
const MAX_LENGTH = 1_000;

/** Whether a value is a list of RFC 9651. Behind one that is not, a parser would not find the gateway's own member. */
function isList(value: string): boolean {
  return value.length <= MAX_LENGTH && LIST.test(value);
}
