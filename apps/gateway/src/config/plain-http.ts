import { isLoopback } from './loopback.js';

/** Where http is allowed: on this machine, and beyond it. */
export interface AllowedHttp {
  readonly allowInsecureRequests?: boolean;
  readonly allowPlainHttp?: boolean;
}

/** Whether http may be spoken with the host of a URL. */
export function isHttpAllowed({ hostname }: URL, { allowInsecureRequests, allowPlainHttp }: AllowedHttp): boolean {
  return allowPlainHttp === true || (allowInsecureRequests === true && isLoopback(hostname));
}

/** Whether what is sent to a URL leaves this machine in the clear. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}
