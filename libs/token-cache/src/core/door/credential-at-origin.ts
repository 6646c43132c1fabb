import { type CredentialHeader } from '../contract/credential.js';

/** Whether a header of the caller gives way to the credential: its own `Authorization` does, and one of the same name. */
export function givesWay(name: string, credential: CredentialHeader): boolean {
  const lower = name.toLowerCase();
  return lower === credential.name || lower === 'authorization';
}

/**
 * Whether a client that follows redirects leaves the credential behind when one leads to another origin, as the Fetch Standard
 * (HTTP-redirect fetch) wants it for `Authorization` alone. With any other header, a client must follow none.
 */
export function staysAtItsOrigin({ name }: CredentialHeader): boolean {
  return name === 'authorization';
}
