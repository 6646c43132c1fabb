import { isHopByHop } from './hop-by-hop.js';

/** Fields that the gateway or undici sets itself: host, framing, and who is asking, by which way. */
const OWN = ['host', 'content-length', 'x-request-id', 'forwarded', 'via', 'x-real-ip'];
/** Fields that some servers take for the path of the request, and one that CGI takes for the proxy to use (httpoxy). */
const MISTAKABLE = ['x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-envoy-original-path', 'proxy'];
const NOT_FORWARDED: ReadonlySet<string> = new Set([...OWN, ...MISTAKABLE]);
/** Fields that are forwarded as the caller sends them: they tell what the message holds, and which trace it belongs to. */
const OF_THE_MESSAGE = /^(content-.*|set-cookie2?|traceparent|tracestate)$/;
/** In which proxies hand a token on; no other field of its kind is for an option to name. */
const FORWARDED_TOKEN = 'x-forwarded-access-token';

/** The name of a field as servers tell it apart: those that hand fields on as variables (CGI, WSGI) read "_" as "-". */
export function readName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Whether a field of the caller's, by its name as it is read, never reaches the upstream. */
export function endsAtGateway(name: string): boolean {
  return NOT_FORWARDED.has(name) || isHopByHop(name) || name.startsWith('x-forwarded-');
}

/** Whether no option may name a field, since the request for the upstream has it already or its meaning is another. */
export function isReserved(name: string): boolean {
  const read = readName(name);
  return read !== FORWARDED_TOKEN && (endsAtGateway(read) || OF_THE_MESSAGE.test(read));
}
