import { isLoopback } from '@mintonce/token-cache/oauth';

/** Whether what is sent to a URL leaves this machine in the clear. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}
