/** The instrumentation scope of all spans and metrics of this library. */
export const SCOPE = '@mintonce/token-cache';

/** Attributes of spans and metrics: names of integrations and fixed words, never a tenant, a subject or a token. */
export const INTEGRATION = 'token.integration';
export const LAYER = 'token.cache.layer';
export const OUTCOME = 'token.outcome';
export const REASON = 'token.mint.reason';
export const OPERATION = 'token.store.operation';
/** Semantic conventions of OpenTelemetry, Error attributes. */
export const ERROR_TYPE = 'error.type';
