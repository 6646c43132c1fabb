// One of several processes that increment the number in one token: node worker.mjs <path> <target>
import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';

const [path, target] = process.argv.slice(2);
const store = new SqliteTokenStore({ path });
const report = (message) => new Promise((resolve) => process.send(message, resolve));

for (let count = 0; count < Number(target);) {
  const attempt = { nonce: crypto.randomUUID(), leaseMs: 50, minTtlMs: Number.MAX_SAFE_INTEGER };
  const answer = await store.acquire('key', attempt);
  count = Number(answer.token?.payload ?? 0);
  if (answer.outcome === 'lease' && count < Number(target)) {
    const { outcome } = await store.commit('key', answer.lease, String(count + 1), 60_000);
    if (outcome === 'stored') await report({ count: count + 1, fence: answer.lease.fence });
  } else {
    await sleep(Math.random() * 3);
  }
}
await store.close();
process.disconnect();
