import { TokenCacheModule } from '@mintonce/token-cache';
import { RedisTokenStore } from '@mintonce/token-cache/redis';
import { promptSource } from '../../contenders/ours.js';
import { startApplication } from '../start-application.js';

const [, count] = process.argv.slice(2);
const names = Array.from({ length: Number(count) }, (_, index) => `api-${index}`);
const integrations = Object.fromEntries(names.map((name) => [name, { source: promptSource }]));

await startApplication((redis) => [TokenCacheModule.forRoot({ store: new RedisTokenStore(redis), integrations })]);
