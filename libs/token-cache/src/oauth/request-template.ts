import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { type TokenRequest } from '../core/contract/token-request.js';

/** What a token request tells a source beside what the grant itself sends. */
export const TEMPLATE_FIELDS = ['tenant', 'subject'] as const;
export type TemplateField = (typeof TEMPLATE_FIELDS)[number];

const PLACEHOLDER = /\{(tenant|subject)\}/g;

/** No separator, no escape, and no name that a URL parser reads as a folder. */
const URL_SAFE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
/** The end of a host under which any tenant is one of the same provider. */
const OWN_DOMAIN = /^[^{}]*\.[^{}.]+\.[^{}.]+(:\d+)?$/;

/** Puts the fields of a request in the place of `{tenant}` and `{subject}`. */
export type Fill = (text: string) => string;

/** The fields that these texts ask for. */
export function placeholdersIn(texts: Iterable<string>): Set<TemplateField> {
  return new Set(
    [...texts].flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, field]) => field as TemplateField)),
  );
}

/**
 * Fills texts for one request.
 *
 * @throws TokenConfigError when the request lacks a field
 */
export function fillerOf(request: TokenRequest): Fill {
  return (text) =>
    text.replace(PLACEHOLDER, (_, field: TemplateField) => {
      const value = request[field];
      if (value) return value;
      throw new TokenConfigError(`request.${field}`, `is missing: this source asks for a token of one ${field}`);
    });
}

/**
 * Fills URLs for one request.
 *
 * @throws TokenConfigError when the request lacks a field, or has a value that would change the rest of the URL
 */
export function urlFillerOf(request: TokenRequest): Fill {
  const fill = fillerOf(request);
  return (text) => {
    for (const field of placeholdersIn([text])) {
      const value = request[field];
      if (value && !URL_SAFE.test(value)) {
        throw new TokenConfigError(
          `request.${field}`,
          'must be letters, digits, ".", "_" and "-", since it becomes a part of a URL',
        );
      }
    }
    return fill(text);
  };
}

/** Whether the host of a URL leaves it to a request where the secret is sent: `https://{tenant}`, `https://{tenant}.com`. */
export function hasOpenHost(url: string): boolean {
  const [, host = ''] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? [];
  const end = host.split('}').at(-1) ?? '';
  return host.includes('{') && !OWN_DOMAIN.test(end);
}
