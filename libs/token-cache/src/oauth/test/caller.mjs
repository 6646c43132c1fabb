// A process that moves its clock and starts callers at once on command: node caller.mjs <socket of Redis> <token endpoint> <secret>
import { Redis } from 'ioredis';
import { NestFactory } from '@nestjs/core';
import { TokenCacheModule, TokenService } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { RedisTokenStore } from '@mintonce/token-cache/redis';

const [socket, tokenEndpoint, clientSecret] = process.argv.slice(2);
const client = new Redis(socket);
const source = clientCredentials({ tokenEndpoint, clientId: 'gateway', clientSecret, allowInsecureRequests: true });
let passedMs = 0;
const clock = {
  now: () => Date.now() + passedMs,
  monotonic: () => performance.now() + passedMs,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
const module = TokenCacheModule.forRoot({
  store: new RedisTokenStore(client, { namespace: 'shop' }),
  integrations: { billing: { source } },
  storeTimeoutMs: 10_000,
  clock,
});
const application = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
const tokens = application.get(TokenService);

process.on('message', async ({ passMs, callers, audience }) => {
  passedMs += passMs;
  const results = await Promise.allSettled(
    Array.from({ length: callers }, () => tokens.getToken('billing', { audience })),
  );
  process.send(
    results.map(({ value, reason }) =>
      value
        ? { generation: value.generation }
        : { code: reason.code, oauthError: reason.oauthError, retryAfterMs: reason.retryAfterMs },
    ),
  );
});
process.on('disconnect', async () => {
  await application.close();
  client.disconnect();
});
process.send('ready');
