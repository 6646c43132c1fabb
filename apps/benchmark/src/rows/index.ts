import { type Row } from '../harness/row.js';
import { nearHit } from './near-hit.js';
import { redisHit } from './redis-hit.js';
import { sqliteHit } from './sqlite-hit.js';

/** In the order of the table. */
export const ROWS: readonly Row[] = [nearHit, sqliteHit, redisHit];
