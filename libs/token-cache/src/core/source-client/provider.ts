import { type TokenKey } from '../config/token-key.js';

/** The server that is asked for the tokens of a key. */
export function providerOf({ integration: { source } }: TokenKey): string {
  return source.provider ?? source.identity;
}

/** The server, and as whom it is asked. */
export function accountOf(key: TokenKey): string {
  const { client, identity } = key.integration.source;
  return JSON.stringify([providerOf(key), client ?? identity]);
}
