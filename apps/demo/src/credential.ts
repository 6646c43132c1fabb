/** What the upstream reports of the token that it received; never the token itself. */
export interface Credential {
  /** The first 12 hexadecimal digits of the token's SHA-256. */
  readonly digest: string;
  readonly active: true;
}
