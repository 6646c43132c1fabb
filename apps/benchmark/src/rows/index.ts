import { type Row } from '../harness/row.js';
import { coldMiss } from './cold-miss.js';
import { gateway } from './gateway.js';
import { gatewayStart } from './gateway-start.js';
import { nearHit } from './near-hit.js';
import { plan } from './plan.js';
import { redisHit } from './redis-hit.js';
import { refreshSpread } from './refresh-spread.js';
import { scrape } from './scrape.js';
import { sqliteHit } from './sqlite-hit.js';
import { storeCommands } from './store-commands.js';
import { start } from './start.js';
import { takeover } from './takeover.js';
import { tenants } from './tenants.js';
import { wakeUp } from './wake-up.js';

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  nearHit,
  sqliteHit,
  redisHit,
  gateway,
  coldMiss,
  takeover,
  storeCommands,
  wakeUp,
  refreshSpread,
  tenants,
  start,
  gatewayStart,
  scrape,
  plan,
];
