import { setImmediate as nextTurn } from 'node:timers/promises';
import { TokenClient } from '@mintonce/token-cache';
import { INTEGRATION, promptSource } from '../contenders/ours.js';
import { FullStore } from './full-store.js';
import { tell } from './run-script.js';

/** What so many tokens in hand add to the heap of a process, for each of them, its JWT included. */
const count = Number(process.argv[2]);
const options = { integrations: { [INTEGRATION]: { source: promptSource } }, nearCache: { maxEntries: 2 * count } };
const client = new TokenClient({ store: new FullStore(), ...options });
await client.getToken(INTEGRATION, { tenant: 'first' });

const before = heapBytes();
for (let key = 0; key < count; key++) {
  await client.getToken(INTEGRATION, { tenant: `tenant-${key}` });
  if (key % 1_000 === 0) await nextTurn();
}
// Each token is a string of its own, as it is with a real provider.
const bytes = (heapBytes() - before) / count;
// The collector must not take what is weighed: the client is used until here.
await client.close();
tell({ bytes });

function heapBytes(): number {
  for (let time = 0; time < 3; time++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
