import { generateKeyPair, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ClientMetadata, type Configuration, type JWKS, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { listen } from './http.js';
import { control } from './identity-provider-control.js';
import { DEFAULT_SETTINGS, type Failure, type Settings, changed } from './identity-provider-settings.js';
import { IssuedTokens } from './issued-tokens.js';
import { type TokenCall, TokenCalls, instant, overlapping } from './token-calls.js';

export interface DemoClient {
  clientId: string;
  clientSecret: string;
  /** @defaultValue `client_secret_basic` */
  clientAuth?: 'client_secret_basic' | 'client_secret_post';
}

export interface IdentityProviderOptions {
  /** @defaultValue `127.0.0.1` */
  host?: string;
  /** @defaultValue a free port */
  port?: number;
  /** @defaultValue `demo` (basic) and `demo-post` (post), both with `DEMO_CLIENT_SECRET` or `demo-secret` */
  clients?: readonly DemoClient[];
  settings?: Partial<Settings>;
}

export interface IdentityProviderStats {
  /** Calls of the token endpoint, failed ones included. */
  tokenCalls: number;
  /** Tokens handed out. */
  minted: number;
  /** The most calls that ran at the same time for one client. */
  overlapping: number;
  /** The last thousand calls; instants in epoch milliseconds. */
  calls: readonly TokenCall[];
}

export interface IdentityProvider {
  readonly issuer: string;
  /** For a resource server that asks whether a token is active (RFC 7662). */
  readonly introspectionClient: DemoClient;
  stats(): IdentityProviderStats;
  /** @throws TypeError that names the field. */
  control(change: Partial<Settings>): Settings;
  revokeAll(): void;
  /** Forgets all tokens and calls, and all settings made since the start. */
  reset(): void;
  stop(): Promise<void>;
}

/** A certified OAuth 2.0 server for the client credentials grant, which counts, and fails and dawdles on request. */
export async function startIdentityProvider(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
  const { host = '127.0.0.1', port = 0, clients = demoClients() } = options;
  const initial = changed(DEFAULT_SETTINGS, options.settings ?? {});
  const introspectionClient = { clientId: 'upstream', clientSecret: randomUUID() };
  const calls = new TokenCalls();
  const jwks = await freshKeys();
  let settings = initial;
  const tokens = new IssuedTokens(() => settings.tokenLifetimeMs);

  const operations = {
    stats: () => ({
      tokenCalls: calls.count,
      minted: tokens.minted,
      overlapping: overlapping(calls.recent()),
      calls: calls.recent(),
    }),
    control: (change: Partial<Settings>) => (settings = changed(settings, change)),
    revokeAll: () => tokens.revokeAll(),
    reset() {
      settings = initial;
      tokens.reset();
      calls.reset();
    },
  };

  const listening = await listen(host, port, (issuer) => {
    const registered = [...clients, introspectionClient];
    const provider = new Provider(issuer, { ...configuration(registered, tokens, () => settings), jwks });
    provider.use(observed(calls, () => settings));
    provider.use(toTheMillisecond(tokens));
    const answer = provider.callback();
    return control(operations, (request, response) => void answer(request, response));
  });
  return { issuer: listening.url, introspectionClient, ...operations, stop: () => listening.stop() };
}

function demoClients(): DemoClient[] {
  const clientSecret = process.env['DEMO_CLIENT_SECRET'] || 'demo-secret';
  return [
    { clientId: 'demo', clientSecret },
    { clientId: 'demo-post', clientSecret, clientAuth: 'client_secret_post' },
  ];
}

function configuration(clients: readonly DemoClient[], tokens: IssuedTokens, settings: () => Settings): Configuration {
  return {
    adapter: (model) => tokens.adapterFor(model),
    clients: clients.map(metadataOf),
    scopes: ['api:read', 'api:write'],
    cookies: { keys: [randomUUID()] },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => ({ scope: 'api:read api:write' }) },
    },
    // One more than promised: `IssuedTokens` ends the life of a token, exactly, and this second is never seen.
    ttl: { ClientCredentials: () => Math.floor(settings().tokenLifetimeMs / 1_000) + 1 },
  };
}

/** Nothing is signed with it here, but without a key of our own the provider would take one that the world knows. */
async function freshKeys(): Promise<JWKS> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { keys: [privateKey.export({ format: 'jwk' })] };
}

function metadataOf({ clientId, clientSecret, clientAuth = 'client_secret_basic' }: DemoClient): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: clientAuth,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  };
}

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** Logs the calls of the token endpoint, and makes them slow or fail. */
function observed(calls: TokenCalls, settings: () => Settings): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/token') return await next();
    const call = calls.start(basicUser(ctx.get('Authorization')), ctx.req.socket.remotePort);
    try {
      await sleep(settings().delayMs);
      const { failWith } = settings();
      if (failWith) fail(ctx, failWith);
      else await next();
    } finally {
      call.clientId ??= ctx.oidc?.client?.clientId;
      call.status = ctx.status;
      call.endedAt = instant();
    }
  };
}

function fail(ctx: KoaContextWithOIDC, { status, retryAfterS, body }: Failure): void {
  ctx.status = status;
  if (retryAfterS !== undefined) ctx.set('Retry-After', String(retryAfterS));
  ctx.body = body ?? { error: status < 500 && status !== 429 ? 'invalid_client' : 'temporarily_unavailable' };
}

/** Says what `IssuedTokens` does: the exact life of a token, and why one is not active. */
function toTheMillisecond(tokens: IssuedTokens): Middleware {
  return async (ctx, next) => {
    await next();
    const body = ctx.body as Record<string, unknown> | undefined;
    if (ctx.path === '/token' && typeof body?.['expires_in'] === 'number') body['expires_in'] -= 1;
    if (ctx.path === '/token/introspection' && body?.['active'] === false) {
      body['inactive_because'] = tokens.stateOf(String(ctx.oidc.params?.['token']));
    }
    if (ctx.path === '/token/introspection' && typeof body?.['exp'] === 'number') body['exp'] -= 1;
  };
}

/** RFC 6749, section 2.3.1. */
function basicUser(authorization: string): string | undefined {
  const [, credentials] = /^Basic (.+)$/i.exec(authorization) ?? [];
  const [user] = Buffer.from(credentials ?? '', 'base64')
    .toString()
    .split(':');
  return user ? decodeURIComponent(user) : undefined;
}
