import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { startApplication } from '../start-application.js';

await startApplication((redis) => {
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 10_000 }))
    .useL2Layer(redisDriver({ connection: redis }))
    .useBus(redisBusDriver({ connection: redis.duplicate() }));
  void new BentoCache({ default: 'tokens', stores: { tokens: store } });
  return [];
});
