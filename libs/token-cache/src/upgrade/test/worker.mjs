// A process of one version, which does what it is told by messages: node worker.mjs <library> <provider>
import { Redis } from 'ioredis';

const [library, provider] = process.argv.slice(2);
const { RedisTokenStore, SqliteTokenStore, TokenClient, tokenSource } = await import(library);
const source = tokenSource('one source', async (_request, { signal }) => {
  const answer = await fetch(provider, { method: 'POST', signal });
  return { accessToken: await answer.text(), expiresInMs: 3_600_000 };
});

let redis;
let tokens;
let last;

function open({ at, namespace }) {
  if (!at.endsWith('.sqlite')) redis = new Redis(at);
  tokens = new TokenClient({
    store: redis ? new RedisTokenStore(redis, { namespace }) : new SqliteTokenStore({ path: at, namespace }),
    integrations: { billing: { source } },
    // A busy machine is no outage.
    storeTimeoutMs: 10_000,
    whenStoreUnavailable: 'fail',
  });
}

async function close() {
  await tokens?.close();
  redis?.disconnect();
  redis = tokens = undefined;
}

const COMMANDS = {
  open,
  close,
  async get({ callers }) {
    const given = await Promise.all(Array.from({ length: callers }, () => tokens.getToken('billing')));
    last = given[0];
    return [...new Set(given.map(({ accessToken }) => accessToken))];
  },
  purge: () => tokens.purge('billing'),
  purgeAll: () => tokens.purgeAll('billing'),
  invalidate: () => tokens.invalidate(last),
};

process.on('message', async ({ command, ...details }) => {
  try {
    process.send({ result: (await COMMANDS[command](details)) ?? null });
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('disconnect', close);
process.send('ready');
