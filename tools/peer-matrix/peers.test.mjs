// Uses every entry point of the library, and each of its peers through it. It runs in a folder that the matrix prepared.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { TerminusModule } from '@nestjs/terminus';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { TokenCacheModule, TokenService, TokenSourceRejectedError } from '@mintonce/token-cache';
import { useToken } from '@mintonce/token-cache/axios';
import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { TokenMetricsObserver, TokenTracingObserver } from '@mintonce/token-cache/opentelemetry';
import { TokenCacheMetricsModule } from '@mintonce/token-cache/prometheus';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import { describeTokenStore, fakeTokens } from '@mintonce/token-cache/testing';
import { tokenInterceptor } from '@mintonce/token-cache/undici';
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import axios from 'axios';
import * as ioredis from 'ioredis';
import { register } from 'prom-client';
import { Agent, request } from 'undici';

// Before 5.2.6, ioredis has no export of that name for ES modules.
const Redis = ioredis.Redis ?? ioredis.default;
const url = process.env.REDIS_URL;
const newRedis = (options) => new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 10_000, ...options });

let namespaces = 0;
describeTokenStore(
  'RedisTokenStore',
  () => {
    const namespace = `peers-${process.pid}-${++namespaces}`;
    const clients = [];
    return {
      open() {
        const client = newRedis();
        clients.push(client);
        return new RedisTokenStore(client, { namespace });
      },
      dispose: () => clients.forEach((client) => client.disconnect()),
    };
  },
  { describe, it },
);

let files = 0;
describeTokenStore(
  'SqliteTokenStore',
  () => {
    const path = `tokens-${process.pid}-${++files}.sqlite`;
    return { open: () => new SqliteTokenStore({ path }) };
  },
  { describe, it, events: false, version: true },
);

describe('An application', () => {
  let app, server, redis, minted, base;

  before(async () => {
    minted = 0;
    const refused = new Set(['Bearer token-1']);
    server = createServer((message, response) => {
      if (message.url === '/token') {
        response.setHeader('content-type', 'application/json');
        const answer = { access_token: `token-${++minted}`, token_type: 'Bearer', expires_in: 3_600 };
        return void response.end(JSON.stringify(answer));
      }
      const { authorization } = message.headers;
      // The first token is refused, so that the request is sent again with another.
      response.statusCode = refused.has(authorization) ? 401 : 200;
      response.end(authorization);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    base = `http://127.0.0.1:${server.address().port}`;
    const credentials = { clientId: 'peers', clientSecret: 'secret', allowInsecureRequests: true };
    const source = clientCredentials({ tokenEndpoint: `${base}/token`, ...credentials });
    redis = newRedis();

    class AppModule {}
    Module({
      imports: [
        TokenCacheModule.forRoot({
          store: new RedisTokenStore(redis, { namespace: `peers-${process.pid}` }),
          integrations: { billing: { source } },
          // A busy machine is not an outage.
          storeTimeoutMs: 10_000,
          isGlobal: true,
        }),
        PrometheusModule.register(),
        TokenCacheMetricsModule,
        TerminusModule,
      ],
      providers: [TokenCacheHealthIndicator],
    })(AppModule);
    app = await NestFactory.create(AppModule, { logger: ['error'] });
    await app.init();
  });

  after(async () => {
    await app.close();
    redis.disconnect();
    server.closeAllConnections();
    server.close();
  });

  it('mints once for callers at the same time', async () => {
    const tokens = app.get(TokenService);
    const given = await Promise.all(Array.from({ length: 20 }, () => tokens.getToken('billing')));
    assert.deepEqual([...new Set(given.map((token) => token.accessToken))], ['token-1']);
    assert.equal(minted, 1);
  });

  it('sends the token by undici, axios and fetch', async () => {
    const tokens = app.get(TokenService);
    await tokens.purge('billing');
    await tokens.getToken('billing');
    const dispatcher = new Agent().compose(tokenInterceptor(tokens, 'billing'));
    const { body } = await request(base, { dispatcher });
    const client = axios.create();
    useToken(client, tokens, 'billing');
    const sent = [await body.text(), (await client.get(base)).data];
    sent.push(await (await tokens.fetch('billing', base)).text());
    assert.deepEqual([...new Set(sent)], ['Bearer token-2']);
    await dispatcher.close();
  });

  it('has metrics and health', async () => {
    assert.match(await register.metrics(), /token_mint_count\{.*outcome="stored",reason="miss"\} 1/);
    const { 'token-cache': health } = await app.get(TokenCacheHealthIndicator).isHealthy();
    assert.equal(health.status, 'up');
  });

  it('has spans of what callers wait for', async () => {
    const spans = [];
    const startSpan = (name) => (spans.push(name), trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });
    const tokens = app.get(TokenService);
    const ignored = [new TokenTracingObserver(), new TokenMetricsObserver()].map((observer) =>
      tokens.observe(observer),
    );
    await tokens.purge('billing');
    await tokens.getToken('billing');
    assert.deepEqual(spans, ['token.get', 'token.mint']);
    ignored.forEach((ignore) => ignore());
  });

  it('has fakes for its tests', async () => {
    const fake = fakeTokens({ billing: 'a-token', crm: new TokenSourceRejectedError('no') });
    assert.equal((await fake.getToken('billing')).accessToken, 'a-token');
    await assert.rejects(fake.getToken('crm'), TokenSourceRejectedError);
    await fake.close();
  });
});
