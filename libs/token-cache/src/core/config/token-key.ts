import { createHash } from 'node:crypto';
import { groupOf } from '../contract/key-group.js';
import { recentlyUsed } from '../contract/recently-used.js';
import { type LRUCache } from 'lru-cache';
import { type Integration } from './token-cache.options.js';
import { TokenConfigError, TokenIntegrationUnknownError } from '../contract/token-cache.errors.js';
import { resourcesOf, scopesOf, type TokenRequest } from '../contract/token-request.js';

/** One token's place: two requests share it exactly when the same token serves both. */
export interface TokenKey {
  /** Hides names and is safe in any store: base64url of a SHA-256. */
  readonly id: string;
  /** What it is purged with: all keys of its integration. */
  readonly group: string;
  readonly integration: Integration;
  /** The request with its lists sorted. */
  readonly request: TokenRequest;
}

/** Distinct requests remembered per integration; beyond that a key is computed again. */
const REMEMBERED_REQUESTS = 10_000;
const REQUEST_FIELDS = ['scope', 'audience', 'resource', 'tenant', 'subject'] as const;

interface Entry {
  readonly integration: Integration;
  readonly plain: TokenKey;
  readonly byRequest: LRUCache<string, TokenKey>;
}

/** Keys by integration and request, computed once and remembered. */
export class TokenKeys {
  private entries = new Map<string, Entry>();

  get integrations(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** @throws TokenConfigError when the name is taken, or a token to warm up can be none */
  add(integration: Integration): void {
    if (this.entries.has(integration.name)) {
      throw new TokenConfigError(`integrations.${integration.name}`, 'is configured twice');
    }
    this.entries.set(integration.name, entryOf(integration));
    integration.warmUp?.forEach((request, index) => this.checkWarmUp(integration.name, request, index));
  }

  /**
   * Takes these integrations in place of all others.
   *
   * @throws TokenConfigError as `add` does; then nothing has changed
   */
  replace(integrations: Iterable<Integration>): void {
    const next = new TokenKeys();
    for (const integration of integrations) next.add(integration);
    this.entries = next.entries;
  }

  /** The keys of the tokens that are to be there before the application is ready. */
  get toWarmUp(): readonly TokenKey[] {
    const keys = [...this.entries.values()].flatMap(({ integration: { name, warmUp = [] } }) =>
      warmUp.map((request) => this.of(name, request)),
    );
    return [...new Map(keys.map((key) => [key.id, key])).values()];
  }

  /**
   * @throws TokenIntegrationUnknownError
   * @throws TokenConfigError when the request has a field that cannot be
   */
  of(name: string, request?: TokenRequest): TokenKey {
    const entry = this.entries.get(name);
    if (!entry) throw new TokenIntegrationUnknownError(name, this.integrations);
    if (request === undefined) return entry.plain;
    const read = readRequest(request);
    const memo = JSON.stringify(read);
    let key = entry.byRequest.get(memo);
    if (!key) entry.byRequest.set(memo, (key = checkedKeyOf(entry.integration, read)));
    return key;
  }

  private checkWarmUp(name: string, request: TokenRequest, index: number): void {
    try {
      this.of(name, request);
    } catch (error) {
      this.entries.delete(name);
      if (!(error instanceof TokenConfigError)) throw error;
      const field = error.field.replace(/^request(?=\.|$)/, `integrations.${name}.warmUp.${index}`);
      throw new TokenConfigError(field, error.problem);
    }
  }
}

function entryOf(integration: Integration): Entry {
  return { integration, plain: keyOf(integration, {}), byRequest: recentlyUsed(REMEMBERED_REQUESTS) };
}

function keyOf(integration: Integration, request: TokenRequest): TokenKey {
  const scope = scopesOf(request.scope);
  const resource = resourcesOf(request.resource);
  const { audience, tenant, subject } = request;
  const canonical = [integration.name, integration.source.identity, scope, audience, resource, tenant, subject];
  return {
    id: createHash('sha256').update(JSON.stringify(canonical)).digest('base64url'),
    group: groupOf(integration.name),
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

/** The key of a request that the source can serve: one that ignores a field would give the token of another tenant. */
function checkedKeyOf(integration: Integration, request: TokenRequest): TokenKey {
  const { name, source } = integration;
  try {
    source.check?.(request);
    return keyOf(integration, request);
  } catch (error) {
    if (error instanceof TokenConfigError) throw new TokenConfigError(error.field, `${error.problem} ("${name}")`);
    throw error;
  }
}

/** The fields of a request, each read once: what was checked is what is used. A mistyped field would fetch a foreign token. */
function readRequest(request: TokenRequest): TokenRequest {
  if (typeof request !== 'object' || request === null) throw new TokenConfigError('request', 'must be an object');
  const unknown = Object.keys(request).find((field) => !REQUEST_FIELDS.some((known) => known === field));
  if (unknown) throw new TokenConfigError(`request.${unknown}`, 'is not known');
  const { scope, audience, resource, tenant, subject } = request;
  const read = { scope, audience, resource, tenant, subject };
  for (const field of REQUEST_FIELDS) checkField(field, read[field]);
  return read;
}

function checkField(field: (typeof REQUEST_FIELDS)[number], value: unknown): void {
  if (value === undefined) return;
  const isList = Array.isArray(value) && (field === 'scope' || field === 'resource');
  const items: readonly unknown[] = isList ? value : [value];
  if (!items.every((item) => typeof item === 'string'))
    throw new TokenConfigError(`request.${field}`, 'must be a string');
  if (field !== 'scope' && items.includes('')) throw new TokenConfigError(`request.${field}`, 'must not be empty');
  if (field === 'scope' && items.some((item) => /[^\x20-\x7e]/.test(item)))
    throw new TokenConfigError('request.scope', 'must be visible ASCII');
}
