import { TokenConfigError } from '../core/contract/token-cache.errors.js';
import { resourcesOf, scopesOf, type TokenRequest } from '../core/contract/token-request.js';
import { checkHeaderValue } from './extra-fields.js';
import { type OAuthClientConfig } from './oauth-client.config.js';
import {
  type Fill,
  fillerOf,
  placeholdersIn,
  TEMPLATE_FIELDS,
  type TemplateField,
  urlFillerOf,
} from './request-template.js';

/** What one token request asks of the server, without what functions of the options return. */
export interface RequestForm {
  readonly issuer?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
  readonly tenant?: string | undefined;
  readonly parameters: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** What to do about a field that a source does not use. */
const REMEDIES: Record<TemplateField, string> = {
  tenant: 'put {tenant} into tokenEndpoint, issuer or parameters, or give credentials',
  subject: 'put {subject} into parameters',
};

/**
 * Makes the form of each token request by the options of a source.
 *
 * @throws TokenConfigError naming the field of the request that is missing, that the source does not use, or that cannot be
 */
export function requestForms(config: OAuthClientConfig): (request: TokenRequest) => RequestForm {
  const used = fieldsUsedBy(config);
  return (request) => {
    for (const field of TEMPLATE_FIELDS) {
      if (request[field] === undefined || used.has(field)) continue;
      throw new TokenConfigError(
        `request.${field}`,
        `is not used by this source, which would give the token of another ${field}: ${REMEDIES[field]}`,
      );
    }
    const fill = fillerOf(request);
    const fillUrl = urlFillerOf(request);
    return {
      issuer: config.issuer === undefined ? undefined : fillUrl(config.issuer),
      tokenEndpoint: config.tokenEndpoint === undefined ? undefined : fillUrl(config.tokenEndpoint),
      tenant: request.tenant,
      parameters: parametersOf(config, request, fill),
      headers: headersOf(config, fill),
    };
  };
}

function fieldsUsedBy(config: OAuthClientConfig): ReadonlySet<TemplateField> {
  const { issuer, tokenEndpoint, scope, audience, resource, parameters, headers, credentials } = config;
  const texts = [issuer, tokenEndpoint, scope, audience, resource, Object.values(parameters ?? {})];
  const used = placeholdersIn([texts, Object.values(headers ?? {})].flat(3).filter((text) => typeof text === 'string'));
  if (credentials) used.add('tenant');
  return used;
}

function parametersOf(config: OAuthClientConfig, request: TokenRequest, fill: Fill): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(config.parameters ?? {})) {
    for (const value of [values].flat()) if (typeof value === 'string') parameters.append(name, fill(value));
  }
  const requested = scopesOf(request.scope);
  const scopes = requested.length > 0 ? requested : scopesOf(config.scope).map(fill);
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  const audience = request.audience || (config.audience && fill(config.audience));
  if (audience) parameters.set('audience', audience);
  const resources = resourcesOf(request.resource);
  for (const resource of resources.length > 0 ? resources : resourcesOf(config.resource).map(fill)) {
    parameters.append('resource', resource);
  }
  return parameters;
}

function headersOf({ headers = {} }: OAuthClientConfig, fill: Fill): Record<string, string> {
  const texts = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const filled = texts.map(([name, value]) => [name, fill(value)] as const);
  for (const [name, value] of filled) checkHeaderValue(`headers.${name}`, value);
  return Object.fromEntries(filled);
}
