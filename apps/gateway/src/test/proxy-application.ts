import { type AddressInfo } from 'node:net';
import {
  MemoryTokenStore,
  type MintedToken,
  TokenCacheModule,
  type TokenSource,
  tokenSource,
} from '@mintonce/token-cache';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ConfigModule } from '../config/config.module.js';
import { type OutboundProxy } from '../config/environment.js';
import { DEFAULT_LIMITS, type Limits } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { resolveIntegration } from '../config/integration.js';
import { parseConfig } from '../config/parse-config.js';
import { httpAdapter } from '../http-adapter.js';
import { ProxyModule } from '../proxy/proxy.module.js';

/** A running proxy. */
export interface ProxyApplication {
  readonly port: number;
  readonly url: string;
  /** Tokens minted so far, by integration: `<integration>-1`, `<integration>-2`, ... */
  readonly minted: Record<string, number>;
  /** Replaces the next mints; without an argument they give the next token again. */
  mintWith(mint?: () => Promise<MintedToken>): void;
  close(): Promise<void>;
}

/**
 * Starts the proxy alone.
 *
 * @param options of each integration, as in the YAML file
 * @param source of the tokens; by default a function that counts them
 * @param limits of the worker
 * @param outbound the proxy to https upstreams
 */
export async function proxyApplication(
  options: Record<string, object>,
  source?: TokenSource,
  limits: Partial<Limits> = {},
  outbound?: OutboundProxy,
): Promise<ProxyApplication> {
  const token = { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'c', clientSecret: 's' };
  const file = Object.entries(options).map(([name, integration]) => [name, { token, ...integration }]);
  const { integrations, limits: allLimits = DEFAULT_LIMITS } = parseConfig(
    JSON.stringify({ integrations: Object.fromEntries(file), limits }),
    {},
  );
  const minted: Record<string, number> = {};
  let mintInstead: (() => Promise<MintedToken>) | undefined;
  const counting = tokenSource('test', async (_request, { integration }) => {
    minted[integration] = (minted[integration] ?? 0) + 1;
    return mintInstead?.() ?? { accessToken: `${integration}-${minted[integration]}`, expiresInMs: 600_000 };
  });
  const tokens = Object.entries(integrations).map(([name, { policy, credential }]) => [
    name,
    { ...policy, credential, source: source ?? counting },
  ]);
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({
        integrations: new Map(
          Object.entries(integrations).map(([name, options]) => [name, resolveIntegration(name, options, '', [])]),
        ),
        limits: allLimits,
        outbound,
      } as unknown as GatewayConfig),
      TokenCacheModule.forRoot({
        isGlobal: true,
        store: new MemoryTokenStore(),
        integrations: Object.fromEntries(tokens),
      }),
      ProxyModule,
    ],
  }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(httpAdapter(allLimits), { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    minted,
    mintWith: (mint) => (mintInstead = mint),
    close: () => app.close(),
  };
}
