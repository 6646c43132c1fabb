import { generateKeyPair, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ClientMetadata, type Configuration, type JWKS, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { listen } from './http.js';
import { control } from './identity-provider-control.js';
import { DEFAULT_SETTINGS, type Failure, type Settings, changed } from './identity-provider-settings.js';
import { IssuedTokens } from './issued-tokens.js';
import { type Middleware, grantedBy, repeating } from './token-answer.js';
import { type TokenCall, TokenCalls, instant, overlapping } from './token-calls.js';

/** A client of the demo's identity provider. */
export interface DemoClient {
  clientId: string;
  clientSecret: string;
  /** How the client authenticates. @defaultValue `'client_secret_basic'` */
  clientAuth?: 'client_secret_basic' | 'client_secret_post';
}

/** Options of `startIdentityProvider`. */
export interface IdentityProviderOptions {
  /** Address to listen on. @defaultValue `'127.0.0.1'` */
  host?: string;
  /** TCP port to listen on. @defaultValue a free port */
  port?: number;
  /** Registered clients. @defaultValue `demo` (basic) and `demo-post` (post), both with `DEMO_CLIENT_SECRET` or `demo-secret` */
  clients?: readonly DemoClient[];
  /** Settings at the start. @defaultValue tokens of 5 minutes, no delay, no failure, a new token for each call */
  settings?: Partial<Settings>;
}

/** What the identity provider has counted since its start or `reset`. */
export interface IdentityProviderStats {
  /** Calls of the token endpoint, failed ones included. */
  tokenCalls: number;
  /** Tokens issued. */
  minted: number;
  /** The largest number of concurrent calls of one client. */
  overlapping: number;
  /** The last thousand calls; instants are epoch ms. */
  calls: readonly TokenCall[];
}

/** A running identity provider. */
export interface IdentityProvider {
  /** Its issuer URL. */
  readonly issuer: string;
  /** A client for a resource server that asks whether a token is active (RFC 7662). */
  readonly introspectionClient: DemoClient;
  stats(): IdentityProviderStats;
  /**
   * Changes settings.
   *
   * @throws TypeError naming the field that is invalid
   */
  control(change: Partial<Settings>): Settings;
  /** Revokes every token issued so far. */
  revokeAll(): void;
  /** Deletes all tokens and calls, and restores the settings of the start. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts a certified OAuth 2.0 server for the client credentials grant. It counts its calls, and is slow, fails or repeats its tokens on request. */
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
    provider.use(observed({ calls, tokens, settings: () => settings }));
    provider.use(repeating(tokens, () => settings));
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
    // One second more than `expires_in`: `IssuedTokens` ends the life of a token to the millisecond, before this rounding does.
    ttl: { ClientCredentials: () => Math.floor(settings().tokenLifetimeMs / 1_000) + 1 },
  };
}

/** A new signing key. No token here is signed, but without a key `oidc-provider` would use its published development key. */
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

interface Observed {
  readonly calls: TokenCalls;
  readonly tokens: IssuedTokens;
  settings(): Settings;
}

/** Records the calls of the token endpoint, and delays or fails them as set. */
function observed({ calls, tokens, settings }: Observed): Middleware {
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
      Object.assign(call, grantedBy(ctx, tokens));
      call.endedAt = instant();
    }
  };
}

function fail(ctx: KoaContextWithOIDC, { status, retryAfterS, body }: Failure): void {
  ctx.status = status;
  if (retryAfterS !== undefined) ctx.set('Retry-After', String(retryAfterS));
  ctx.body = body ?? { error: status < 500 && status !== 429 ? 'invalid_client' : 'temporarily_unavailable' };
}

/** Corrects the answers to what `IssuedTokens` knows: the exact life of a token, and why a token is not active. */
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

/** The client id of HTTP Basic credentials (RFC 6749 section 2.3.1). */
function basicUser(authorization: string): string | undefined {
  const [, credentials] = /^Basic (.+)$/i.exec(authorization) ?? [];
  const [user] = Buffer.from(credentials ?? '', 'base64')
    .toString()
    .split(':');
  return user ? decodeURIComponent(user) : undefined;
}
