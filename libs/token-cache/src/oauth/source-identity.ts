import { createHash } from 'node:crypto';
import { resourcesOf, scopesOf } from '../core/contract/token-request.js';
import { printableUrl } from './endpoint-url.js';
import { type OAuthClientConfig } from './oauth-client.config.js';

/** The identity of a source that asks for a grant; it holds no secret. */
export function identityOf(grant: string, config: OAuthClientConfig): string {
  const { issuer, tokenEndpoint, clientId, clientAuth, scope, audience, resource, tokenType } = config;
  const client = { issuer: normal(issuer), tokenEndpoint: normal(tokenEndpoint), clientId, clientAuth };
  const resources = resource === undefined ? undefined : resourcesOf(resource);
  const defaults = { scope: scopesOf(scope), audience, resource: resources, tokenType };
  return JSON.stringify({ grant, ...client, ...defaults, extra: extraOf(config), secret: secretOf(client, config) });
}

/** The server that the source asks, for logs and pauses. */
export function providerOf({ issuer, tokenEndpoint }: OAuthClientConfig): string {
  return printableUrl(new URL(issuer ?? tokenEndpoint!));
}

/** Two spellings of one URL are one server. */
function normal(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).href;
}

/** Further parameters and headers may hold keys, so only a digest of them is kept. */
function extraOf({ parameters, headers }: OAuthClientConfig): string | undefined {
  if (!parameters && !headers) return undefined;
  return digest(JSON.stringify([parameters, headers].map((fields) => Object.entries(fields ?? {}).sort())));
}

function secretOf(client: object, { clientSecret }: OAuthClientConfig): string | undefined {
  return typeof clientSecret === 'string' ? digest(JSON.stringify([client, clientSecret])) : undefined;
}

/** A short hash of the secret together with the client, so that it does not show that two clients share a secret. */
function digest(value: string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 16);
}
