import { METHODS } from 'node:http';

/** TRACE would show the injected credential to the caller; CONNECT is not a request to forward. */
export const FORWARDED_METHODS: ReadonlySet<string> = new Set(
  METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'),
);
