import { createHash } from 'node:crypto';
import { DEFAULT_NEAR_CACHE } from './policy.js';
import { groupOf } from '../contract/key-group.js';
import { type Integration } from './token-cache.options.js';
import { TokenConfigError, TokenIntegrationUnknownError } from '../contract/token-cache.errors.js';
import { RememberedKeys, REQUEST_FIELDS, type RequestField } from './remembered-keys.js';
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

const KNOWN_FIELDS: ReadonlySet<string> = new Set(REQUEST_FIELDS);

interface Entry {
  readonly integration: Integration;
  readonly plain: TokenKey;
  readonly byRequest: RememberedKeys<TokenKey>;
}

/** Keys by integration and request, computed once and remembered. */
export class TokenKeys {
  private entries = new Map<string, Entry>();

  /** @param remembered how many requests of each integration have their key at hand: as many as the process may hold tokens */
  constructor(private readonly remembered = DEFAULT_NEAR_CACHE.maxEntries) {}

  get integrations(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** @throws TokenConfigError when the name is taken, or a token to warm up can be none */
  add(integration: Integration): void {
    if (this.entries.has(integration.name)) {
      throw new TokenConfigError(`integrations.${integration.name}`, 'is configured twice');
    }
    this.entries.set(integration.name, entryOf(integration, this.remembered));
    integration.warmUp?.forEach((request, index) => this.checkWarmUp(integration.name, request, index));
  }

  /**
   * Takes these integrations in place of all others.
   *
   * @throws TokenConfigError as `add` does; then nothing has changed
   */
  replace(integrations: Iterable<Integration>): void {
    const next = new TokenKeys(this.remembered);
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
    return entry.byRequest.ofText(read) ?? checked(entry, read);
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

function entryOf(integration: Integration, remembered: number): Entry {
  return { integration, plain: keyOf(integration, {}), byRequest: new RememberedKeys(remembered) };
}

function checked({ integration, byRequest }: Entry, request: TokenRequest): TokenKey {
  for (const field of REQUEST_FIELDS) checkField(field, request[field]);
  let key = byRequest.get(request);
  if (!key) byRequest.set(request, (key = checkedKeyOf(integration, request)));
  return key;
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
  for (const field of Object.keys(request)) {
    if (!KNOWN_FIELDS.has(field)) throw new TokenConfigError(`request.${field}`, 'is not known');
  }
  const { scope, audience, resource, tenant, subject } = request;
  return { scope, audience, resource, tenant, subject } satisfies Record<RequestField, unknown>;
}

function checkField(field: RequestField, value: unknown): void {
  if (value === undefined) return;
  const isList = Array.isArray(value) && (field === 'scope' || field === 'resource');
  const items: readonly unknown[] = isList ? value : [value];
  if (!items.every((item) => typeof item === 'string'))
    throw new TokenConfigError(`request.${field}`, 'must be a string');
  if (field !== 'scope' && items.includes('')) throw new TokenConfigError(`request.${field}`, 'must not be empty');
  if (field === 'scope' && items.some((item) => /[^\x20-\x7e]/.test(item)))
    throw new TokenConfigError('request.scope', 'must be visible ASCII');
}
