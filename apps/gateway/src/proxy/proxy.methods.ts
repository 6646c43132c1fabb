import { METHODS } from 'node:http';

/** Methods that are forwarded. TRACE would show the injected credential to the caller; CONNECT asks for a tunnel. */
export const FORWARDED_METHODS: ReadonlySet<string> = new Set(
  METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'),
);
