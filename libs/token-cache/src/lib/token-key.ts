import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Integration } from './token-cache.options.js';
import { TokenConfigError, TokenIntegrationUnknownError } from './token-cache.errors.js';
import { resourcesOf, scopesOf, type TokenRequest } from './token-request.js';

/** One token's place: two requests share it exactly when the same token serves both. */
export interface TokenKey {
  /** Hides names and is safe in any store: base64url of a SHA-256. */
  readonly id: string;
  readonly integration: Integration;
  /** The request with its lists sorted. */
  readonly request: TokenRequest;
}

/** Distinct requests remembered per integration; beyond that a key is computed again. */
const REMEMBERED_REQUESTS = 10_000;
const REQUEST_FIELDS = ['scope', 'audience', 'resource', 'tenant', 'subject'] as const;

/** Keys by integration and request, computed once and remembered. */
export class TokenKeys {
  private readonly entries = new Map<
    string,
    { integration: Integration; plain: TokenKey; byRequest: LRUCache<string, TokenKey> }
  >();

  get integrations(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** @throws TokenConfigError when the name is taken */
  add(integration: Integration): void {
    if (this.entries.has(integration.name)) {
      throw new TokenConfigError(`integrations.${integration.name}`, 'is configured twice');
    }
    this.entries.set(integration.name, {
      integration,
      plain: keyOf(integration, {}),
      byRequest: new LRUCache({ max: REMEMBERED_REQUESTS }),
    });
  }

  /**
   * @throws TokenIntegrationUnknownError
   * @throws TokenConfigError when the request has a field that cannot be
   */
  of(name: string, request?: TokenRequest): TokenKey {
    const entry = this.entries.get(name);
    if (!entry) throw new TokenIntegrationUnknownError(name, this.integrations);
    if (request === undefined) return entry.plain;
    const memo = JSON.stringify(request);
    let key = entry.byRequest.get(memo);
    if (!key) entry.byRequest.set(memo, (key = keyOf(entry.integration, request)));
    return key;
  }
}

function keyOf(integration: Integration, request: TokenRequest): TokenKey {
  checkRequest(request);
  const scope = scopesOf(request.scope);
  const resource = resourcesOf(request.resource);
  const { audience, tenant, subject } = request;
  const canonical = [integration.name, integration.source.identity, scope, audience, resource, tenant, subject];
  return {
    id: createHash('sha256').update(JSON.stringify(canonical)).digest('base64url'),
    integration,
    request: {
      ...(scope.length > 0 && { scope }),
      ...(resource.length > 0 && { resource }),
      ...(audience !== undefined && { audience }),
      ...(tenant !== undefined && { tenant }),
      ...(subject !== undefined && { subject }),
    },
  };
}

/** A mistyped field that went unnoticed would fetch somebody else's token. */
function checkRequest(request: TokenRequest): void {
  if (typeof request !== 'object' || request === null) throw new TokenConfigError('request', 'must be an object');
  for (const [field, value] of Object.entries(request)) {
    if (!REQUEST_FIELDS.some((known) => known === field))
      throw new TokenConfigError(`request.${field}`, 'is not known');
    if (value === undefined) continue;
    const isList = Array.isArray(value) && (field === 'scope' || field === 'resource');
    if (!(isList ? value : [value]).every((item) => typeof item === 'string')) {
      throw new TokenConfigError(`request.${field}`, 'must be a string');
    }
    if (value === '' && field !== 'scope') throw new TokenConfigError(`request.${field}`, 'must not be empty');
  }
}
