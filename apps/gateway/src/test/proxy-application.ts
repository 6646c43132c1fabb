import { type AddressInfo } from 'node:net';
import {
  MemoryTokenStore,
  type MintedToken,
  TokenCacheModule,
  type TokenPolicyOptions,
  type TokenSource,
  tokenSource,
} from '@mintonce/token-cache';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ConfigModule } from '../config/config.module.js';
import { type GatewayConfig } from '../config/load-config.js';
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

export interface TokenOptions {
  readonly policy?: TokenPolicyOptions;
  /** Mints in the place of the counting function. */
  readonly source?: TokenSource;
}

/** The proxy alone, with tokens from a function: upstream options by integration, as in the YAML file. */
export async function proxyApplication(
  upstreams: Record<string, object>,
  { policy, source }: TokenOptions = {},
): Promise<ProxyApplication> {
  const token = { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'c', clientSecret: 's' };
  const file = Object.entries(upstreams).map(([name, options]) => [name, { token, ...options }]);
  const { integrations } = parseConfig(JSON.stringify({ integrations: Object.fromEntries(file) }), {});
  const minted: Record<string, number> = {};
  let mintInstead: (() => Promise<MintedToken>) | undefined;
  const counting = tokenSource('test', async (_request, { integration }) => {
    minted[integration] = (minted[integration] ?? 0) + 1;
    return mintInstead?.() ?? { accessToken: `${integration}-${minted[integration]}`, expiresInMs: 600_000 };
  });
  const names = Object.keys(upstreams);
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({ integrations: new Map(Object.entries(integrations)) } as unknown as GatewayConfig),
      TokenCacheModule.forRoot({
        isGlobal: true,
        store: new MemoryTokenStore(),
        ...policy,
        integrations: Object.fromEntries(names.map((name) => [name, { source: source ?? counting }])),
      }),
      ProxyModule,
    ],
  }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(httpAdapter(), { logger: false });
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
