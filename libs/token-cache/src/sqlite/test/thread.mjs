// A thread of several that share tokens: workerData is the path of the file and the number of tokens to mint.
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { TokenClient, tokenSource } from '@mintonce/token-cache';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';

const source = tokenSource('threads', async ({ tenant }) => {
  parentPort.postMessage({ minted: tenant });
  return { accessToken: `${tenant}-of-thread-${threadId}`, expiresInMs: 3_600_000 };
});
const tokens = new TokenClient({
  store: new SqliteTokenStore({ path: workerData.path }),
  integrations: { billing: { source } },
});
for (let tenant = 0; tenant < workerData.tenants; tenant++) {
  const { accessToken } = await tokens.getToken('billing', { tenant: `${tenant}` });
  parentPort.postMessage({ got: accessToken });
}
await tokens.close();
