/** What may vary per call within an integration; each distinct request has a token of its own. */
export interface TokenRequest {
  /** Space-separated or a list (RFC 6749 section 3.3); order and repetition do not matter. */
  readonly scope?: string | readonly string[];
  readonly audience?: string;
  /** Resource indicators (RFC 8707); order and repetition do not matter. */
  readonly resource?: string | readonly string[];
  readonly tenant?: string;
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
