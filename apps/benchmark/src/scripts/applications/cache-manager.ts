import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { startApplication } from '../start-application.js';

await startApplication((_redis, redisUrl) => {
  void createCache({ stores: [new Keyv(), new Keyv({ store: new KeyvRedis(redisUrl) })] });
  return [];
});
