/** What may vary per call within an integration; each distinct request has a token of its own. */
export interface TokenRequest {
  /** Space-separated or a list (RFC 6749 section 3.3); order and repetition do not matter. */
  readonly scope?: string | readonly string[];
  /** For whom the token is, for servers that take it by `audience` and not by resource indicators. @defaultValue that of the source */
  readonly audience?: string;
  /** Resource indicators (RFC 8707); order and repetition do not matter. */
  readonly resource?: string | readonly string[];
  /** Whose resources it opens; the source says what it does with it. @defaultValue none */
  readonly tenant?: string;
  /** On whose behalf it is; the source says what it does with it. @defaultValue none */
  readonly subject?: string;
}

/** The scopes of a request: split at spaces, sorted, each once. */
export function scopesOf(scope: TokenRequest['scope']): string[] {
  const parts = typeof scope === 'string' ? [scope] : (scope ?? []);
  return distinct(parts.flatMap((part) => part.split(' ')).filter(Boolean));
}

/** The resources of a request: sorted, each once. */
export function resourcesOf(resource: TokenRequest['resource']): string[] {
  return distinct(typeof resource === 'string' ? [resource] : (resource ?? []));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
