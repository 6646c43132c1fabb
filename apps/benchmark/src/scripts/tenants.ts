import { setImmediate as nextTurn } from 'node:timers/promises';
import { TokenClient, tokenSource } from '@mintonce/token-cache';
import { JWT_BYTES, jwt } from '../contenders/jwt.js';
import { processorNs } from '../harness/contest.js';
import { FullStore } from './full-store.js';
import { tell } from './run-script.js';

/** Calls of one process with so many tenants, in an order without a pattern, beside the same look-ups in a Map. */
const count = Number(process.argv[2]);
/** Tokens that it may have in hand; all of them unless it is told. */
const room = Number(process.argv[3] ?? 2 * count);
const ROUNDS = 9;
const CALLS = 40_000;
/** Without a divisor in common with the counts, so that its multiples visit every tenant. */
const STRIDE = 7_919_999;

const tenants = Array.from({ length: count }, (_, index) => `tenant-${index}`);
const place = (time: number): string => tenants[(time * STRIDE) % count] ?? '';
const anyTenant = (): string => tenants[Math.floor(Math.random() * count)] ?? '';

const emptyBytes = heapBytes();
const source = tokenSource('benchmark', async () => ({ accessToken: jwt() }));
const store = new FullStore();
const client = new TokenClient({
  store,
  integrations: { api: { source } },
  nearCache: { maxEntries: room },
});
for (let index = 0; index < count; index++) {
  await client.getToken('api', { tenant: place(index) });
  if (index % 1_000 === 0) await nextTurn();
}
// Each token is a string of its own, as it is with a real provider.
const bytesPerKey = (heapBytes() - emptyBytes) / count - JWT_BYTES;

const map = new Map(tenants.map((tenant) => [tenant, { tenant }]));
const getFromMap = async (tenant: string): Promise<{ tenant: string } | undefined> => map.get(tenant);

const samples: { ours: number; map: number }[] = [];
store.asked = 0;
for (let round = 0; round <= ROUNDS; round++) {
  const ours = await nsOf(async () => {
    for (let call = 0; call < CALLS; call++) await client.getToken('api', { tenant: anyTenant() });
  });
  const plain = await nsOf(async () => {
    for (let call = 0; call < CALLS; call++) await getFromMap(anyTenant());
  });
  if (round > 0) samples.push({ ours, map: plain });
}

const asksPerCall = store.asked / ((ROUNDS + 1) * CALLS);
tell({ bytesPerKey, asksPerCall, ours: samples.map(({ ours }) => ours), map: samples.map((sample) => sample.map) });

async function nsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = processorNs();
  await work();
  return (processorNs() - startedAt) / CALLS;
}

function heapBytes(): number {
  for (let time = 0; time < 3; time++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
