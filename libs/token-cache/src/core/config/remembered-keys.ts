import { type LRUCache } from 'lru-cache';
import { recentlyUsed } from '../contract/recently-used.js';
import { type TokenRequest } from '../contract/token-request.js';

export type RequestField = keyof TokenRequest;

/** The compiler tells of one that is missing here, which would be refused. */
export const REQUEST_FIELDS = Object.keys({
  scope: true,
  audience: true,
  resource: true,
  tenant: true,
  subject: true,
} satisfies Record<RequestField, true>) as RequestField[];

/**
 * The keys of the requests that were used last. Most requests have one field, a text, such as the tenant. Such a key is found by
 * that text alone, since to make a text of the whole request would take longer than all the rest of a hit.
 */
export class RememberedKeys<Key extends NonNullable<unknown>> {
  private readonly byText: Readonly<Record<RequestField, LRUCache<string, Key>>>;
  private readonly bySeveral: LRUCache<string, Key>;

  /** @param max how many keys are kept for each field, and as many for requests of several fields */
  constructor(max: number) {
    const keys = (): LRUCache<string, Key> => recentlyUsed(max);
    this.byText = { scope: keys(), audience: keys(), resource: keys(), tenant: keys(), subject: keys() };
    this.bySeveral = keys();
  }

  /** The key of a request of one text. It need not be checked: one that was remembered was. */
  ofText(request: TokenRequest): Key | undefined {
    const field = onlyTextOf(request);
    return field && this.byText[field].get(request[field] as string);
  }

  /** The key of any other request, which was checked: a field that is no text may look like one that is missing. */
  get(request: TokenRequest): Key | undefined {
    return this.bySeveral.get(JSON.stringify(request));
  }

  /** @param request that was checked */
  set(request: TokenRequest, key: Key): void {
    const field = onlyTextOf(request);
    if (field) this.byText[field].set(request[field] as string, key);
    else this.bySeveral.set(JSON.stringify(request), key);
  }
}

/** The field of a request that has one, if it is a text. Each is named here: a loop over their names takes as long as all the rest of a hit. */
function onlyTextOf({ scope, audience, resource, tenant, subject }: TokenRequest): RequestField | undefined {
  if (countOf(scope) + countOf(audience) + countOf(resource) + countOf(tenant) + countOf(subject) !== 1)
    return undefined;
  if (typeof tenant === 'string') return 'tenant';
  if (typeof scope === 'string') return 'scope';
  if (typeof audience === 'string') return 'audience';
  if (typeof subject === 'string') return 'subject';
  return typeof resource === 'string' ? 'resource' : undefined;
}

function countOf(value: unknown): number {
  return value === undefined ? 0 : 1;
}
