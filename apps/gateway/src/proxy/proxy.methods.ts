import { METHODS } from 'node:http';

/** Methods that are forwarded. TRACE would show the injected credential to the caller; CONNECT asks for a tunnel. */
export const FORWARDED_METHODS: ReadonlySet<string> = new Set(
  METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'),
);

/** Methods whose request may be sent twice: those of RFC 9110 section 9.2.2, and those of WebDAV and others that only read. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'],
  ...['PROPFIND', 'REPORT', 'SEARCH', 'QUERY'],
]);
